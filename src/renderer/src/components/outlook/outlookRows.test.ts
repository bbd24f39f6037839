import { expect, it } from 'vitest'
import type { OutlookFile } from '../../../../shared/ipc/outlookViews'
import { countGroups, partsOf, queryOutlook, type OutlookQuery } from './outlookRows'

const file = (change: Partial<OutlookFile> & Pick<OutlookFile, 'input'>): OutlookFile => ({
  ...{ jobId: change.input, output: `/out${change.input}`, act: 'new', wanted: null, error: null },
  ...{ durationSec: 1, bytes: 10 },
  ...change
})
const FILES = [
  file({ input: '/in/take 10.wav', durationSec: 5, bytes: 30 }),
  file({ input: '/in/take 9.wav', act: 'skipped', bytes: null }),
  file({ input: '/in/broken.wav', output: null, act: 'cannot', durationSec: null, bytes: null }),
  file({ input: '/in/take 1.wav', output: '/results/Übung.wav', act: 'replaced', bytes: 20 })
]
const ALL: OutlookQuery = { text: '', group: 'all', sort: null, actWords: ({ act }) => act }
const names = (query: Partial<OutlookQuery>): string[] =>
  queryOutlook(FILES, { ...ALL, ...query }).map(({ input }) => partsOf(input).name)

it('finds files by source and by result, within the group that is chosen', () => {
  expect(names({ text: ' übung' })).toEqual(['take 1.wav'])
  expect(names({ text: 'take', group: 'written' })).toEqual(['take 10.wav', 'take 1.wav'])
  expect(names({ text: 'out', group: 'cannot' })).toEqual([])
  expect(countGroups(FILES)).toEqual({ all: 4, written: 2, skipped: 1, cannot: 1 })
})

it('keeps the order of the run until another is asked for, and sorts numbers as numbers (take 10 before take 9)', () => {
  expect(names({})).toEqual(['take 10.wav', 'take 9.wav', 'broken.wav', 'take 1.wav'])
  expect(names({ sort: { column: 'input', descending: false } })).toEqual([
    'broken.wav',
    'take 1.wav',
    'take 9.wav',
    'take 10.wav'
  ])
  expect(names({ sort: { column: 'size', descending: true } }).slice(0, 2)).toEqual(['take 10.wav', 'take 1.wav'])
  expect(names({ sort: { column: 'length', descending: false } })[0]).toBe('broken.wav')
})

it('takes both kinds of path apart', () => {
  expect(partsOf('C:\\a\\b.wav')).toEqual({ name: 'b.wav', folder: 'C:\\a' })
  expect(partsOf('/home/me/Recordings/Monday/b.wav').folder).toBe('…/Recordings/Monday')
  expect(partsOf('/b.wav')).toEqual({ name: 'b.wav', folder: '/' })
})
