import { expect, it } from 'vitest'
import { costRows, growthRow, scoreRows, type Outcome } from './benchRows'
import { fits, naivePeakBytes, type FileCost } from './fileCost'
import { APP_PLAN, growthSeconds, stepShares } from './measurePlan'

const cost = (over: Partial<FileCost>): FileCost => ({
  audioSec: 60,
  wallSec: 2,
  cpuSec: 3,
  modelSec: null,
  rssBytes: 1e8,
  peakRssBytes: 2e8,
  ...over
})
const value = <T>(of: T): Outcome<T> => ({ value: of })
const missing = { missing: { why: 'tooLarge', expectedBytes: 5e9 } } as const

it('keeps why a way has no figure, in every row', () => {
  const rows = costRows({ naive: missing, stillwave: value(cost({})), article: value(cost({ cpuSec: 4 })) })
  expect(rows.map(({ id, naive, stillwave, article }) => [id, naive, stillwave, article])).toEqual([
    ['peakRss', missing.missing, 2e8, 2e8],
    ['wallTime', missing.missing, 2, 2],
    ['cpuTime', missing.missing, 3, 4]
  ])
})

it('takes growth from the first file to the last, and a reading that the system did not give for no figure', () => {
  const grown = value([cost({}), cost({ rssBytes: 9e8 }), cost({ rssBytes: 1.5e8 })])
  const row = growthRow({
    naive: grown,
    stillwave: value([cost({}), cost({ rssBytes: Number.NaN })]),
    article: missing
  })
  expect(row).toMatchObject({ naive: 0.5e8, stillwave: { why: 'notMeasured' }, article: missing.missing })
})

const scores = (siSdrDb: number | null): Outcome<{ siSdrDb: number | null; stoi: number; agreementDb: number }> =>
  value({ siSdrDb, stoi: 0.8, agreementDb: 30 })

it('has quality with a clean track only, and agreement in every case', () => {
  const ways = { naive: scores(7), stillwave: scores(8), article: scores(null) }
  const [siSdr, stoi, agreement] = scoreRows(ways, true)
  expect(siSdr).toMatchObject({ naive: 7, stillwave: 8, article: { why: 'notMeasured' } })
  expect(stoi).toMatchObject({ naive: 0.8, stillwave: 0.8 })
  expect(agreement).toMatchObject({ naive: { why: 'notMeasured' }, stillwave: 30, article: 30 })
  const without = scoreRows(ways, false)
  expect(without.map(({ stillwave }) => stillwave)).toEqual([
    { why: 'noReference', expectedBytes: null },
    { why: 'noReference', expectedBytes: null },
    30
  ])
})

it('says that agreement with a naive run that was not made was not measured against anything', () => {
  const rows = scoreRows({ naive: missing, stillwave: scores(8), article: scores(8) }, true)
  expect(rows[2]).toMatchObject({ naive: missing.missing, stillwave: { why: 'notRun' }, article: { why: 'notRun' } })
})

it('forecasts a naive run by the line through two short ones, and refuses it before the machine is full', () => {
  const [short, longer] = [cost({ audioSec: 5, peakRssBytes: 1e9 }), cost({ audioSec: 15, peakRssBytes: 2e9 })]
  expect(naivePeakBytes(short, longer, 60)).toBe(6.5e9)
  expect(fits(6.5e9, { totalBytes: 16e9, availableBytes: 16e9 })).toBe(true)
  expect(fits(6.5e9, { totalBytes: 8e9, availableBytes: 8e9 })).toBe(false)
  expect(fits(6.5e9, { totalBytes: 16e9, availableBytes: 6.5e9 })).toBe(false)
})

it('shares the bar out over all steps, whatever is measured', () => {
  for (const audioSec of [60, 300]) {
    const shares = Object.values(stepShares(APP_PLAN, audioSec))
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
    expect(Math.min(...shares)).toBeGreaterThan(0)
  }
  expect(new Set(growthSeconds(8)).size).toBe(8)
})
