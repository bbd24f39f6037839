import { describe, expect, it } from 'vitest'
import { columnsFor, gridTemplate, shareAt } from './columns'
import { aJob, RESULT } from './jobs.testkit'
import { nextSort, visibleJobs } from './listQuery'

const ALL = { filter: 'all', text: '', sort: null } as const
const names = (jobs: readonly { inputPath: string }[]): string[] => jobs.map((job) => job.inputPath.slice(4))
const mixed = [
  aJob('1', 'take 10.wav', { kind: 'done', result: RESULT }),
  aJob('2', 'take 9.wav', { kind: 'failed', error: { code: 'E_IO', data: {} } }),
  aJob('3', 'deep/Álpha.wav'),
  aJob('4', 'skip.wav', { kind: 'skipped' }),
  aJob('5', 'now.wav', { kind: 'running', attempts: 1 })
]

describe('visibleJobs', () => {
  it('filters by state, and every open file is waiting (a running one that vanishes looks lost)', () => {
    const of = (filter: 'waiting' | 'done' | 'failed'): string[] =>
      visibleJobs(mixed, { ...ALL, filter }, 'en').map(({ id }) => id)
    expect(of('waiting')).toEqual(['3', '5'])
    expect(of('done')).toEqual(['1', '4'])
    expect(of('failed')).toEqual(['2'])
  })

  it('finds by folder too, whatever the case', () => {
    expect(names(visibleJobs(mixed, { ...ALL, text: ' DEEP ' }, 'en'))).toEqual(['deep/Álpha.wav'])
  })

  it('sorts names as people count and spell (take 9 before take 10, Á among the As)', () => {
    const sorted = visibleJobs(mixed, { ...ALL, sort: { column: 'name', descending: false } }, 'en')
    expect(names(sorted)).toEqual(['deep/Álpha.wav', 'now.wav', 'skip.wav', 'take 9.wav', 'take 10.wav'])
  })

  it('puts unknown values last in both directions (else a descending list begins with blanks)', () => {
    for (const descending of [true, false]) {
      const sorted = visibleJobs(mixed, { ...ALL, sort: { column: 'speed', descending } }, 'en')
      expect(sorted[0]?.id).toBe('1')
      expect(sorted.slice(1).map(({ id }) => id)).toEqual(['2', '3', '4', '5'])
    }
  })

  it('comes back to the queue order on the third click', () => {
    const once = nextSort(null, 'name')
    const twice = nextSort(once, 'name')
    expect([once, twice, nextSort(twice, 'name')]).toEqual([
      { column: 'name', descending: false },
      { column: 'name', descending: true },
      null
    ])
  })
})

it('never hides name, state and progress, and shows all where there is room', () => {
  expect(columnsFor(300)).toEqual(['name', 'state', 'progress'])
  expect(columnsFor(2000)).toHaveLength(11)
})

it('names and folders share what is left over, and neither becomes too narrow to read (a drag to the edge lost a column)', () => {
  expect(gridTemplate(['name', 'folder', 'length'], 0.75)).toBe('minmax(208px, 750fr) minmax(104px, 250fr) 68px')
  expect(shareAt(450, 600)).toBe(0.75)
  expect(shareAt(0, 600)).toBeCloseTo(208 / 600)
  expect(shareAt(600, 600)).toBeCloseTo(496 / 600)
  expect(shareAt(5000, 4000)).toBe(0.85)
})
