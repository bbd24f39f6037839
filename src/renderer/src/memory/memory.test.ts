import { describe, expect, it } from 'vitest'
import type { FileMark, Metrics } from '../../../shared/ipc/memoryViews'
import { columnsOf, highestOf, KEEP_MS, limitOf, MemoryRing } from './samples'
import { axisUnit, byteTicks, scaleOf } from './scale'
import { agoText, timeTicks } from './timeAxis'
import { goLive, hold, pick, spanOf, withWindow, zoom } from './view'

const sample = (atMs: number, change: Partial<Metrics> = {}): Metrics => ({
  atMs,
  engineRssBytes: 150e6,
  enginePeakRssBytes: 170e6,
  appRssBytes: 300e6,
  totalBytes: 16e9,
  availableBytes: 8e9,
  gpu: { kind: 'unknown', why: 'none' },
  ...change
})
const mark = (atMs: number, name = 'a.wav'): FileMark => ({ atMs, jobId: `job ${name}`, name })

describe('what the window remembers', () => {
  it('keeps half an hour and not a sample more (a window left open for days)', () => {
    const ring = new MemoryRing()
    ring.addMark(mark(0))
    for (let atMs = 0; atMs <= KEEP_MS * 2; atMs += 500) ring.add(sample(atMs))
    ring.addMark(mark(KEEP_MS * 2, 'b.wav'))
    expect(ring.samples.length).toBe(KEEP_MS / 500 + 1)
    expect(ring.samples[0]?.atMs).toBe(KEEP_MS)
    expect(ring.marks.map(({ name }) => name)).toEqual(['b.wav'])
  })

  it("takes main's history beside what was heard already, each sample once and in order", () => {
    const ring = new MemoryRing()
    ring.add(sample(2000))
    ring.add(sample(2500))
    ring.addMark(mark(2100))
    ring.takeHistory({ samples: [sample(1000), sample(1500), sample(2000)], marks: [mark(900, 'x.wav'), mark(2100)] })
    expect(ring.samples.map(({ atMs }) => atMs)).toEqual([1000, 1500, 2000, 2500])
    expect(ring.marks.map(({ name }) => name)).toEqual(['x.wav', 'a.wav'])
  })

  it('survives a clock that is set back (the line ran backwards)', () => {
    const ring = new MemoryRing()
    for (const atMs of [1000, 1500, 2000, 1600]) ring.add(sample(atMs))
    expect(ring.samples.map(({ atMs }) => atMs)).toEqual([1000, 1500, 1600])
  })
})

describe('what is drawn', () => {
  it('draws the part that is looked at, with one sample at each side', () => {
    const samples = [0, 1, 2, 3, 4, 5].map((sec) => sample(sec * 1000))
    expect(columnsOf(samples, 1.5, 3.5).xs).toEqual([1, 2, 3, 4])
  })

  it('breaks the line where nothing was measured, and where no engine ran (a line drawn over nothing)', () => {
    const columns = columnsOf([sample(0), sample(500, { engineRssBytes: null }), sample(60_000)], 0, 60)
    expect(columns.ys[0]).toEqual([150e6, null, null, 150e6])
    expect(columns.ys[1]).toEqual([300e6, 300e6, null, 300e6])
  })

  it('has no figure of ours where the card tells the sum only', () => {
    const gpu = { kind: 'known', name: 'card', totalBytes: 8e9, oursBytes: null, othersBytes: 1e9 } as const
    expect(highestOf(columnsOf([sample(0, { gpu })], 0, 1))).toEqual({
      engine: 150e6,
      app: 300e6,
      gpuOurs: null,
      gpuOthers: 1e9
    })
  })

  it('what the engine may have is what is free and what it holds, and never more than there is', () => {
    expect(limitOf(sample(0))).toBe(8.15e9)
    expect(limitOf(sample(0, { availableBytes: 16e9 }))).toBe(16e9)
  })
})

describe('the scale', () => {
  const input = {
    choice: 'engine',
    highest: { engine: 150e6, app: 300e6, gpuOurs: null, gpuOthers: null },
    forecastBytes: 180e6,
    limitBytes: 8e9,
    totalBytes: 16e9
  } as const

  it('is not flattened by what is far higher: that is told at the edge', () => {
    const flat = { ...input, highest: { ...input.highest, app: 900e6 } }
    expect(scaleOf(input)).toEqual({ topBytes: 400e6, above: ['limit'] })
    expect(scaleOf(flat).above).toEqual(['app', 'limit'])
    expect(scaleOf(flat).topBytes).toBeLessThanOrEqual(250e6)
  })

  it("the machine's shows all of its memory, and the limit in it", () => {
    expect(scaleOf({ ...input, choice: 'machine' })).toEqual({ topBytes: 20e9, above: [] })
  })

  it('stands without an engine and without any figure', () => {
    const highest = { engine: null, app: null, gpuOurs: null, gpuOthers: null }
    const nothing = { choice: 'engine', highest, forecastBytes: null, limitBytes: null, totalBytes: null } as const
    expect(scaleOf(nothing)).toEqual({ topBytes: 60e6, above: [] })
  })

  it.each([
    [400e6, [0, 100e6, 200e6, 300e6, 400e6], { gigabytes: false, digits: 0 }],
    [1.2e9, [0, 250e6, 500e6, 750e6, 1000e6], { gigabytes: false, digits: 0 }],
    [2.5e9, [0, 0.5e9, 1e9, 1.5e9, 2e9, 2.5e9], { gigabytes: true, digits: 1 }],
    [12e9, [0, 2.5e9, 5e9, 7.5e9, 10e9], { gigabytes: true, digits: 1 }]
  ])('marks of %d: round, and told apart in one unit ("1 GB" twice)', (top, ticks, unit) => {
    expect(byteTicks(top)).toEqual(ticks)
    expect(axisUnit(byteTicks(top))).toEqual(unit)
  })
})

describe('the time axis', () => {
  it('live: round distances from now; held: round clock times', () => {
    const live = withWindow(120)
    expect(timeTicks(live, spanOf(live, 1007), 4)).toEqual([887, 917, 947, 977, 1007])
    const held = hold(live, 1007)
    expect(timeTicks(held, spanOf(held, 5000), 4)).toEqual([900, 930, 960, 990])
  })

  it('says how long ago', () => {
    expect([0, 5, 90, 1800].map(agoText)).toEqual(['', '-0:05', '-1:30', '-30:00'])
  })
})

describe('the view', () => {
  const live = withWindow(120)
  const NOW = 100_000

  it('held, it stays while time goes on; live, it moves', () => {
    const held = hold(live, NOW)
    expect(spanOf(held, NOW + 60)).toEqual({ fromSec: NOW - 120, toSec: NOW })
    expect(spanOf(goLive(held), NOW + 60)).toEqual({ fromSec: NOW - 60, toSec: NOW + 60 })
  })

  it('zooms about the pointer', () => {
    const closer = spanOf(zoom(live, { centreSec: NOW - 60, factor: 0.5 }, NOW), NOW)
    expect(closer).toEqual({ fromSec: NOW - 90, toSec: NOW - 30 })
  })

  it('shows no future, not more than is kept, and nothing shorter than can be seen', () => {
    const spans = [
      pick(live, { fromSec: NOW - 10, toSec: NOW + 50 }, NOW),
      zoom(live, { centreSec: NOW, factor: 1e6 }, NOW),
      zoom(live, { centreSec: NOW - 60, factor: 1e-6 }, NOW)
    ].map((view) => spanOf(view, NOW))
    expect(spans[0]).toEqual({ fromSec: NOW - 60, toSec: NOW })
    expect(spans[1]).toEqual({ fromSec: NOW - 1800, toSec: NOW })
    expect(spans[2]!.toSec - spans[2]!.fromSec).toBe(5)
    expect(spans[2]!.fromSec).toBeLessThan(NOW - 60)
    expect(spans[2]!.toSec).toBeGreaterThan(NOW - 60)
  })
})
