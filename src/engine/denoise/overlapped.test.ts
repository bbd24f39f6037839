import { afterAll, describe, expect, it } from 'vitest'
import { formulaStateDict } from '../model/formulaWeights'
import { buildOnePass } from '../model/onePass'
import { floats, openModel, testWave } from '../model/running.testkit'
import type { ModelSession } from '../onnx/runtime'
import { OverlappedJoin } from './overlapped'
import { computeFactor, contextSamples, fadeIn, overlapWindows, planOverlap } from './overlapPlan'
import type { OverlapPlan } from './overlapPlan'

const weights = formulaStateDict({ channels: 4, cascade: 2 })
const sessions: ModelSession[] = []
afterAll(async () => {
  for (const session of sessions) await session.release()
})

async function opened(options: Parameters<typeof buildOnePass>[1]): Promise<ModelSession> {
  const session = await openModel(buildOnePass(weights, options))
  sessions.push(session)
  return session
}

/** The one-pass graph with its gates frozen to `means`, as a model of one input. */
function frozen(session: ModelSession, means: Float32Array): ModelSession {
  return {
    ...session,
    inputNames: ['noisy'],
    outputNames: ['clean'],
    inputShapes: session.inputShapes,
    release: () => session.release(),
    run: (inputs) => {
      const rows = inputs.noisy!.dims[0]!
      const given = new Float32Array(rows * means.length)
      for (let row = 0; row < rows; row++) given.set(means, row * means.length)
      return session.run({ ...inputs, gate_means: floats(given, [rows, means.length]) })
    }
  }
}

function padded(wave: Float32Array): Float32Array {
  const fed = new Float32Array(640 + Math.ceil(wave.length / 320) * 320 + 640)
  fed.set(wave, 640)
  return fed
}

async function onePass(session: ModelSession, wave: Float32Array): Promise<Float32Array> {
  const fed = padded(wave)
  const { clean } = await session.run({ noisy: floats(fed, [1, fed.length]) })
  return (clean!.data as Float32Array).slice(640, 640 + wave.length)
}

async function denoise(join: OverlappedJoin, wave: Float32Array, block: number): Promise<Float32Array> {
  const lane = await join.open({
    totalSamples: wave.length,
    gain: 1,
    survey: { whole: null, excerpts: [] },
    checkpoint: async () => undefined
  })
  const out: number[] = []
  for (let at = 0; at < wave.length; at += block) out.push(...(await lane.push(wave.subarray(at, at + block))))
  out.push(...(await lane.finish()))
  lane.close()
  return Float32Array.from(out)
}

/** Ratio of a reference to what differs from it. */
function ratioDb(reference: Float32Array, other: Float32Array): number {
  expect(other.length).toBe(reference.length)
  let [power, difference] = [0, 0]
  reference.forEach((x, i) => {
    power += x * x
    difference += (x - other[i]!) ** 2
  })
  return 10 * Math.log10(power / difference)
}

const planOf = (chunkSec: number, overlapSec: number, context = contextSamples(2, 320)): OverlapPlan =>
  planOverlap({
    chunkSec,
    overlapSec,
    sampleRateHz: 16000,
    hopSamples: 320,
    contextLeft: context.left,
    contextRight: context.right
  })
const joinOf = (session: ModelSession, plan: OverlapPlan, batch = 1): OverlappedJoin =>
  new OverlappedJoin(session, plan, { batch, hopSamples: 320 })

describe('OverlappedJoin with gates frozen', () => {
  it('equals one pass to -120 dB with the full context, and not with 1 s / 0.2 s (would catch a window off the grid)', async () => {
    const wave = testWave(16000 * 7 + 1234)
    const free = await opened({ exposeGates: true })
    const fed = padded(wave)
    const { gate_means } = await free.run({ noisy: floats(fed, [1, fed.length]) })
    const session = frozen(await opened({ gates: 'given' }), gate_means!.data as Float32Array)
    const expected = await onePass(session, wave)
    for (const [chunkSec, overlapSec, batch, block] of [
      [2, 0.5, 1, 8000],
      [1, 0, 2, 1999],
      [1.1, 0.9, 1, 100_000]
    ] as const) {
      const out = await denoise(joinOf(session, planOf(chunkSec, overlapSec), batch), wave, block)
      expect(ratioDb(expected, out)).toBeGreaterThan(120)
    }
    const short = planOf(2, 0.5, { left: 16000, right: 3200 })
    expect(ratioDb(expected, await denoise(joinOf(session, short), wave, 8000))).toBeLessThan(120)
  })

  it('comes within 0.1 dB of one pass for 1 s, and for 0.1 s more than k chunks, with gates of its own', async () => {
    const session = await opened({})
    // One second is one run of its own length; k chunks and a bit end in a run that is shifted inwards, not padded.
    const second = testWave(16000)
    expect(
      ratioDb(await onePass(session, second), await denoise(joinOf(session, planOf(2, 0.5)), second, 8000))
    ).toBeGreaterThan(120)
    const longer = testWave(3 * 32000 + 1600)
    const clean = await onePass(session, longer)
    const out = await denoise(joinOf(session, planOf(2, 0)), longer, 8000)
    expect(Math.abs(siSdrDb(longer, out) - siSdrDb(longer, clean))).toBeLessThan(0.1)
  })
})

/** Scale-invariant SDR of `estimate` against `target`. */
function siSdrDb(target: Float32Array, estimate: Float32Array): number {
  let [dot, power] = [0, 0]
  target.forEach((x, i) => {
    dot += x * estimate[i]!
    power += x * x
  })
  const projected = target.map((x) => (x * dot) / power)
  return ratioDb(projected, estimate)
}

describe('overlapWindows', () => {
  const plan: OverlapPlan = { chunk: 3200, overlap: 640, contextLeft: 1600, contextRight: 960 }

  it.each([1, 320, 3000, 3201, 5000, 9600, 12_345])(
    'covers %i samples, all runs of one length and inside the edges',
    (total) => {
      const windows = [...overlapWindows(plan, total, 320)]
      const lengths = new Set(windows.map((window) => window.inputLength))
      expect(lengths.size).toBe(1)
      const end = Math.ceil(total / 320) * 320 + 640
      windows.forEach((window, i) => {
        expect(Math.abs(window.inputStart % 320)).toBe(0)
        expect(window.inputStart).toBeGreaterThanOrEqual(-640)
        expect(window.inputStart + window.inputLength).toBeLessThanOrEqual(end)
        if (windows.length > 1) expect(window.payloadStart).toBe(i * (plan.chunk - plan.overlap))
        expect(window.payloadStart).toBeGreaterThanOrEqual(
          Math.min(window.inputStart + plan.contextLeft, window.payloadStart)
        )
      })
      const last = windows.at(-1)!
      expect(last.payloadStart + last.payloadLength).toBe(total)
    }
  )

  it('costs what DESIGN 4.4 says', () => {
    expect(computeFactor(planOf(2, 0.5))).toBeCloseTo(2.75, 1)
    expect(computeFactor(planOf(10, 0.25))).toBeCloseTo(1.24, 2)
  })

  it('fades so that both sides sum to one (would catch a dip at each seam)', () => {
    const fade = fadeIn(80)
    fade.forEach((x, i) => {
      expect(x + fade[79 - i]!).toBeCloseTo(1, 6)
    })
  })
})
