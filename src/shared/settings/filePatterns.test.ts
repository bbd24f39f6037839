import { expect, test } from 'vitest'
import { fileFilter, folderExcluder, splitPatterns } from './filePatterns'

const NAMES = ['a.wav', 'B.WAV', 'x/a.mp3', 'x/drafts/a.wav', 'drafts/old (1).wav', 'x/[live] +$.wav', 'x/y/z/q.flac']
const taken = (include: string[], exclude: string[] = []): string[] => NAMES.filter(fileFilter({ include, exclude }))

test.each([
  [['*.wav'], ['a.wav', 'B.WAV', 'x/drafts/a.wav', 'drafts/old (1).wav', 'x/[live] +$.wav']],
  [['x/*.mp3'], ['x/a.mp3']],
  [['x/**'], ['x/a.mp3', 'x/drafts/a.wav', 'x/[live] +$.wav', 'x/y/z/q.flac']],
  [
    ['x/**/*.flac', '?.wav'],
    ['a.wav', 'B.WAV', 'x/drafts/a.wav', 'x/y/z/q.flac']
  ],
  [['*.{mp3,flac}'], ['x/a.mp3', 'x/y/z/q.flac']],
  [['drafts'], ['x/drafts/a.wav', 'drafts/old (1).wav']],
  [['./drafts/'], ['x/drafts/a.wav', 'drafts/old (1).wav']],
  [['x/drafts'], ['x/drafts/a.wav']],
  [['[live] +$.wav'], ['x/[live] +$.wav']],
  [['old (1).wav'], ['drafts/old (1).wav']],
  [['.wav'], []]
])('%j takes %j (a sign of a regular expression in a name was one)', (include, expected) => {
  expect(taken(include)).toEqual(expected)
})

test('what is excluded stays out, whatever else takes it; nothing named takes all', () => {
  expect(taken(['*.wav'], ['drafts', 'B*'])).toEqual(['a.wav', 'x/[live] +$.wav'])
  expect(taken([])).toEqual(NAMES)
  expect(splitPatterns(' *.wav ;; a b; ')).toEqual(['*.wav', 'a b'])
})

test('unclosed signs are text, and nothing makes it throw', () => {
  for (const pattern of ['{', '}', '{a,b', 'a}', '{}', '{{a},b}', '**', '\\', '(', '[', '(?=', '*'.repeat(50)]) {
    expect(() => fileFilter({ include: [pattern], exclude: [] })('x/a.wav')).not.toThrow()
  }
})

test('a folder is left out as a whole only where every file in it is (a wanted file under a pruned folder)', () => {
  const folders = ['x', 'x/drafts', 'drafts', 'x/y', 'x/y/z']
  for (const exclude of [['drafts'], ['x/**'], ['x'], ['*.wav'], ['**/y'], ['x/y/z'], ['?']]) {
    const isPruned = folderExcluder({ include: [], exclude })
    const isTaken = fileFilter({ include: [], exclude })
    for (const folder of folders.filter(isPruned)) {
      expect(NAMES.filter((name) => name.startsWith(`${folder}/`)).filter(isTaken)).toEqual([])
    }
  }
  expect(folders.filter(folderExcluder({ include: ['*.mp3'], exclude: ['drafts', 'x/y'] }))).toEqual([
    'x/drafts',
    'drafts',
    'x/y',
    'x/y/z'
  ])
})
