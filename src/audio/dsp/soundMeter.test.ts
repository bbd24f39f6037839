import { describe, expect, test } from 'vitest'
import { noiseFloorDb } from './noiseFloor'
import { snrGainDb } from '../../shared/jobs/soundLevels'
import { NO_SOUND, SoundMeter } from './soundMeter'

const RATE_HZ = 16000

/** A second of hum with a loud tone in every other 100 ms. */
function talk(humGain: number, seconds = 3): Float32Array {
  return Float32Array.from({ length: RATE_HZ * seconds }, (_, i) => {
    const loud = Math.floor(i / 1600) % 2 === 0 ? 0.5 * Math.sin((2 * Math.PI * 440 * i) / RATE_HZ) : 0
    return loud + humGain * Math.sin((2 * Math.PI * 100 * i) / RATE_HZ)
  })
}

function measured(samples: Float32Array, block: number): ReturnType<SoundMeter['figures']> {
  const meter = new SoundMeter(RATE_HZ, 1)
  for (let at = 0; at < samples.length; at += block) meter.push([samples.subarray(at, at + block)])
  return meter.figures()
}

describe('SoundMeter', () => {
  test('says the same floor as the measure of a whole signal, whatever the blocks (a frame began anew with every block)', () => {
    const samples = talk(0.01)
    for (const block of [7, 320, 1001, samples.length]) {
      const { noiseFloorDb: floor, peakDb } = measured(samples, block)
      expect(Math.abs(floor - noiseFloorDb(samples, RATE_HZ))).toBeLessThan(0.13)
      expect(peakDb).toBeCloseTo(20 * Math.log10(Math.max(...samples)), 3)
    }
    expect(measured(samples, 7).levelDb).toBeCloseTo(measured(samples, samples.length).levelDb, 9)
  })

  test('twenty decibels less hum are twenty decibels of gain (the speech level was taken for the floor)', () => {
    const gain = snrGainDb(measured(talk(0.05), 4096), measured(talk(0.005), 4096))
    expect(gain).toBeGreaterThan(19)
    expect(gain).toBeLessThan(21)
  })

  test('silence, nothing and one sample have figures (log of nothing was minus infinity)', () => {
    expect(measured(new Float32Array(RATE_HZ), 1000)).toEqual(NO_SOUND)
    expect(measured(new Float32Array(0), 1)).toEqual(NO_SOUND)
    expect(measured(Float32Array.of(0.5), 1).levelDb).toBeCloseTo(-6.02, 2)
    expect(snrGainDb(NO_SOUND, measured(talk(0.1), 999))).toBeNull()
  })

  test('the level is that of all channels, the peak that of the loudest', () => {
    const meter = new SoundMeter(RATE_HZ, 2)
    meter.push([new Float32Array(640).fill(1), new Float32Array(640)])
    const { levelDb, peakDb } = meter.figures()
    expect([levelDb.toFixed(2), peakDb]).toEqual(['-3.01', 0])
  })
})
