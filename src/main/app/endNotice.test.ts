import { expect, test } from 'vitest'
import { clockTime, endNotice } from './endNotice'
import { wordsOf } from './words'

test('the end in both languages, failures only where there are some', () => {
  const english = wordsOf('en', 'zh-CN')
  expect(endNotice(english, { done: 12, failed: 0, wallSec: 65 })).toEqual({
    title: 'All files are clean',
    body: 'Done: 12 · Time: 1:05'
  })
  expect(endNotice(english, { done: 11, failed: 1, wallSec: 3725 })).toEqual({
    title: 'Finished, with errors',
    body: 'Done: 11 · Failed: 1 · Time: 1:02:05'
  })
  expect(endNotice(wordsOf('zh-CN', 'en'), { done: 1, failed: 2, wallSec: 1 }).body).toBe(
    '完成：1 · 失败：2 · 用时：0:01'
  )
})

test('times round to whole seconds before they are split (59.7 s were 0:60)', () => {
  expect([0, 0.4, 59.7, 60, 3599.6].map(clockTime)).toEqual(['0:00', '0:00', '1:00', '1:00', '1:00:00'])
})
