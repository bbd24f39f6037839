import { expect, it } from 'vitest'
import type { DoneEvent } from '../processes/engineProcess'
import { SpeedMeter } from './speedMeter'

const done = { durationSec: 17.5, timings: { wallSec: 5, modelSec: 4, cpuSec: 5 } } as DoneEvent

it('measures a short piece as a long file would run (the survey before it made it half as fast)', () => {
  let now = 0
  const meter = new SpeedMeter(() => now)
  const progress = (audioSecDone: number): void => {
    meter.onProgress({ type: 'progress', generation: 1, jobId: 'p', fraction: 0.5, audioSecDone, audioSec: 17.5 })
  }
  progress(0)
  now = 3
  progress(1.5)
  now = 4
  progress(9.5)
  now = 5
  expect(meter.read(done)).toBeCloseTo(8)
})

it('measures one that is done at once as a whole', () => {
  expect(new SpeedMeter(() => 0).read(done)).toBeCloseTo(3.5)
})
