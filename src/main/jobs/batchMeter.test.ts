import { describe, expect, it } from 'vitest'
import { BatchMeter } from './batchMeter'

/** Ten seconds of what the meter takes WAV for. */
const file = (jobId: string, audioSec: number | null = null): Parameters<BatchMeter['add']>[0] => ({
  jobId,
  path: `${jobId}.wav`,
  bytes: 1_440_000,
  audioSec
})
const meterOf = (...files: ReturnType<typeof file>[]): BatchMeter => {
  const meter = new BatchMeter()
  for (const one of files) meter.add(one)
  return meter
}

describe('BatchMeter', () => {
  it('tells the rate of what was denoised, and the time left by it', () => {
    const meter = meterOf(file('a'), file('b'))
    expect(meter.read(1)).toMatchObject({ rate: null, leftSec: null })
    meter.progress('a', 0, null)
    expect(meter.read(1).rate).toBe(null)
    meter.progress('a', 5, 10)
    expect(meter.read(5)).toEqual({
      fraction: expect.closeTo(0.25) as number,
      rate: 1,
      leftSec: expect.closeTo(15) as number
    })
    meter.done('a', 10)
    meter.drop('b')
    expect(meter.read(10)).toEqual({ fraction: 1, rate: 1, leftSec: 0 })
  })

  it('takes lengths from probes: one file unlike the rest does not make the time left jump', () => {
    const meter = meterOf(file('odd', 1000), ...Array.from({ length: 9 }, (_, n) => file(String(n), 10)))
    meter.progress('odd', 500, 1000)
    expect(meter.read(50).leftSec).toBeCloseTo((1090 - 500) / 10)
  })

  it('without probes lets one odd file change its kind only a little (8 kHz in a folder of 48 kHz)', () => {
    const meter = meterOf(...Array.from({ length: 10 }, (_, n) => file(String(n))))
    const before = meter.read(0).fraction
    meter.progress('0', 6, 60)
    expect(before).toBe(0)
    // 60 known and nine guessed at 10 each would be 150; believing the one file would make it 600.
    expect(6 / meter.read(5).fraction).toBeLessThan(210)
  })

  it('counts work that was thrown away for the speed, and not for the way', () => {
    const meter = meterOf(file('a', 10), file('b', 10))
    meter.progress('a', 8, 10)
    meter.restart('a')
    expect(meter.read(4)).toEqual({ fraction: 0, rate: 2, leftSec: 10 })
  })

  it('is 0 to 1 whatever comes, and forgets what was dropped', () => {
    const meter = meterOf(file('a', 10), file('b', 10))
    meter.progress('a', 12, 10)
    meter.drop('b')
    meter.drop('b')
    meter.progress('b', 5, 10)
    expect(meter.read(1).fraction).toBe(1)
  })

  it('tells the time left at once where the speed was known before, and believes itself more and more', () => {
    const meter = new BatchMeter(10)
    meter.add(file('a', 100))
    expect(meter.read(0).leftSec).toBeCloseTo(10)
    expect(new BatchMeter().read(0).leftSec).toBeNull()
    // Half as fast as it was: after a minute that is what counts.
    meter.progress('a', 5, 100)
    expect(meter.read(1).leftSec).toBeCloseTo(95 / 8.75)
    meter.progress('a', 50, 100)
    expect(meter.read(10).rate).toBe(5)
    expect(meter.read(10).leftSec).toBeCloseTo(50 / (80 / 13))
  })
})
