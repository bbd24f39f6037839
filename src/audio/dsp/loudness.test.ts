import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeFile, ffmpegForTests, sharedFolder } from '../io/testing/fixtures'
import { KWeighting } from './kWeighting'
import { gatedLufs, integratedLufs, LOUDNESS_STEP_SEC } from './loudness'

const ffmpeg = await ffmpegForTests()
const noisy = sharedFolder('data/dev/noisy')

function sine(frequencyHz: number, sampleRateHz: number, sec: number): Float32Array {
  return new Float32Array(sampleRateHz * sec).map((_, i) => Math.sin((2 * Math.PI * frequencyHz * i) / sampleRateHz))
}

/** Step powers of all channels together. */
function stepPowers(planar: readonly Float32Array[], sampleRateHz: number): Float64Array {
  const step = Math.round(sampleRateHz * LOUDNESS_STEP_SEC)
  const powers = new Float64Array(Math.floor(planar[0]!.length / step))
  for (const samples of planar) {
    const weighted = new Float64Array(samples.length)
    new KWeighting(sampleRateHz).process(samples, weighted)
    for (let i = 0; i < powers.length * step; i++) powers[Math.floor(i / step)]! += weighted[i]! ** 2 / step
  }
  return powers
}

describe('integrated loudness', () => {
  // Catches coefficients that are right at 48 kHz alone.
  it.each([8000, 16_000, 44_100, 48_000, 96_000, 192_000])(
    'is -3.01 LUFS for a full-scale 997 Hz sine at %i Hz',
    (rate) => {
      expect(integratedLufs(stepPowers([sine(997, rate, 3)], rate))).toBeCloseTo(-3.01, 1)
    }
  )

  it('adds the channels up: the same sine on both sides is 3 dB louder (a mean would not be)', () => {
    const samples = sine(997, 48_000, 2)
    expect(integratedLufs(stepPowers([samples, samples], 48_000))).toBeCloseTo(0, 1)
  })

  it('weighs what is low less (a meter without the high-pass does not)', () => {
    expect(integratedLufs(stepPowers([sine(20, 48_000, 3)], 48_000))!).toBeLessThan(-14)
  })

  it('leaves pauses out by the relative gate (a plain mean would fall by 3 dB)', () => {
    const loud = 10 ** -2
    const powers = Float64Array.from({ length: 400 }, (_, i) => (i < 200 ? loud : loud / 1000))
    expect(integratedLufs(powers)!).toBeCloseTo(-0.691 - 20, 1)
  })

  it('is null for silence and for less than one block (-Infinity came out)', () => {
    expect(integratedLufs(new Float64Array(50))).toBeNull()
    expect(integratedLufs(new Float64Array(3).fill(1))).toBeNull()
    expect(gatedLufs([])).toBeNull()
  })

  it('measures only the asked steps (a range gave the loudness of the file)', () => {
    const powers = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? 0.1 : 0.001))
    expect(integratedLufs(powers, 20, 40)).toBeCloseTo(-0.691 - 30, 3)
  })
})

describe.skipIf(ffmpeg === null || noisy === null)('loudness of real speech', () => {
  it('is what ebur128 of ffmpeg says, within 0.1 LU', async () => {
    const names = readdirSync(noisy!)
      .filter((name) => name.endsWith('.wav'))
      .slice(0, 4)
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      const path = join(noisy!, name)
      const graph = ['-af', 'ebur128=metadata=1,ametadata=print:key=lavfi.r128.I:file=-', '-f', 'null', '-']
      const said = execFileSync(ffmpeg!, ['-v', 'error', '-i', path, ...graph], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26
      })
      const reported = Number([...said.matchAll(/lavfi\.r128\.I=(-?[\d.]+)/g)].at(-1)![1])
      const { channels, format } = await decodeFile(path)
      const ours = integratedLufs(stepPowers(channels, format.sampleRateHz))!
      expect(Math.abs(ours - reported), `${name}: ${ours} and ${reported}`).toBeLessThanOrEqual(0.1)
    }
  })
})
