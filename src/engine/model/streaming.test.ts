import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelSession } from '../onnx/runtime'
import { formulaStateDict } from './formulaWeights'
import type { NetworkSize } from './network'
import { buildOnePass } from './onePass'
import {
  floats,
  largestDifference,
  longs,
  openModel,
  runOnePass,
  startState,
  stream,
  testWave,
  undoEdges,
  UNKNOWN_FRAMES
} from './running.testkit'
import { buildStateful } from './stateful'
import { planState } from './stateLayout'

const TOLERANCE = 5e-5

interface Pair {
  readonly onePass: ModelSession
  readonly stateful: ModelSession
}

async function openPair(size: NetworkSize, seed?: number): Promise<Pair> {
  const weights = formulaStateDict(size, seed)
  return {
    onePass: await openModel(buildOnePass(weights, { exposeGates: true })),
    stateful: await openModel(buildStateful(weights))
  }
}

async function closePair({ onePass, stateful }: Pair): Promise<void> {
  await onePass.release()
  await stateful.release()
}

describe.each([
  [{ channels: 4, cascade: 1 }, 7],
  [{ channels: 4, cascade: 2 }, 8],
  [{ channels: 16, cascade: 1 }, 9],
  [{ channels: 16, cascade: 2 }, 10]
] as const)('%j, seed %i', (size, seed) => {
  it('streams what one pass gives, from the first frame to the last (any width, any weights, any file end)', async () => {
    const pair = await openPair(size, seed)
    const wave = testWave(320 * 40 + 123)
    const { clean, means } = await runOnePass(pair.onePass, wave)
    expect(largestDifference(clean, new Float32Array(clean.length), 640, clean.length - 640)).toBeGreaterThan(1e-2)
    const expected = undoEdges(clean)
    for (const pieces of [[25], [7, 40, 3], [1, 2]]) {
      const out = await stream(pair.stateful, wave, { size, pieces, means: means! })
      expect(largestDifference(out, expected, 0, expected.length)).toBeLessThan(TOLERANCE)
    }
    await closePair(pair)
  })
})

describe('width 4, two U-Nets', () => {
  const size = { channels: 4, cascade: 2 } as const
  const plan = planState(size)
  const wave = testWave(320 * 60)
  let pair: Pair
  let means: Float32Array
  let expected: Float32Array

  beforeAll(async () => {
    pair = await openPair(size)
    const result = await runOnePass(pair.onePass, wave)
    means = result.means!
    expected = undoEdges(result.clean)
  })
  afterAll(() => closePair(pair))

  const histories = plan.entries.filter(({ name }) => !name.includes('gate'))

  it.each(histories.map((entry) => [entry.name, entry] as const))(
    'needs the history %s: zeroed between runs, the output is another (a dead piece of state would pass)',
    async (_name, { offset, size: length }) => {
      const touch = (state: Float32Array): Float32Array => state.fill(0, offset, offset + length)
      const out = await stream(pair.stateful, wave, { size, pieces: [11], means, touch })
      expect(largestDifference(out, expected, 0, expected.length)).toBeGreaterThan(TOLERANCE)
    }
  )

  it('has no history but those (an entry without a test would slip by)', () => {
    expect(histories.length).toBe(4 + 2 * (7 + 2 + 7 + 6))
    expect(histories.at(-1)!.offset + histories.at(-1)!.size).toBe(plan.size)
  })

  it('uses the gates: other means, other output', async () => {
    const other = means.map((mean) => mean + 1)
    const out = await stream(pair.stateful, wave, { size, pieces: [25], means: other })
    expect(largestDifference(out, expected, 0, expected.length)).toBeGreaterThan(TOLERANCE)
  })

  it('sums means that tend to those of one pass, with one count for all (frames of delay counted in would pull them to 0)', async () => {
    let last = new Float32Array(0)
    const touch = (state: Float32Array): Float32Array => (last = state.slice())
    const long = testWave(320 * 400)
    const whole = await runOnePass(pair.onePass, long)
    await stream(pair.stateful, long, { size, pieces: [25], touch })
    const count = last[plan.gateCount.offset]!
    expect(count).toBe(399 - 12)
    // The stream's gates move while it runs, and the first U-Net's first gates see the same frames but for 12.
    for (let i = 0; i < 2 * size.channels; i++) {
      expect(Math.abs(last[i]! / count - whole.means![i]!)).toBeLessThan(0.02 * Math.abs(whole.means![i]!) + 0.005)
    }
  })

  it('keeps lanes apart: a batch of lanes at different places equals each lane alone (one clock for all would mix them)', async () => {
    const waves = [testWave(320 * 12, 3), testWave(320 * 12, 4), testWave(320 * 12, 5)]
    const feeds = waves.map((lane, i) => ({
      noisy: lane,
      state: i === 0 ? new Float32Array(plan.size) : startState(size, means),
      first: [0, 5, 1000][i]!,
      count: [9, 12, UNKNOWN_FRAMES][i]!
    }))
    const run = (lanes: typeof feeds): ReturnType<ModelSession['run']> =>
      pair.stateful.run({
        noisy: floats(joined(lanes.map((lane) => lane.noisy)), [lanes.length, 320 * 12]),
        state: floats(joined(lanes.map((lane) => lane.state)), [lanes.length, plan.size]),
        first_frame: longs(lanes.map((lane) => lane.first)),
        frame_count: longs(lanes.map((lane) => lane.count))
      })
    const together = await run(feeds)
    for (const [i, feed] of feeds.entries()) {
      const alone = await run([feed])
      for (const name of ['clean', 'state_out']) {
        const single = alone[name]!.data as Float32Array
        const lane = (together[name]!.data as Float32Array).slice(i * single.length, (i + 1) * single.length)
        expect(relativeDifference(lane, single)).toBeLessThan(1e-5)
      }
    }
  })

  it('takes a batch in one pass as each clip alone', async () => {
    const clips = [testWave(9000, 6), testWave(9000, 7)]
    const both = await pair.onePass.run({ noisy: floats(joined(clips), [2, 9000]) })
    for (const [i, clip] of clips.entries()) {
      const { clean } = await runOnePass(pair.onePass, clip)
      const half = (both.clean!.data as Float32Array).slice(i * clean.length, (i + 1) * clean.length)
      expect(relativeDifference(half, clean)).toBeLessThan(1e-5)
    }
  })

  it('takes the gates from outside when asked to: its own means give its own output, others another', async () => {
    const given = await openModel(buildOnePass(formulaStateDict(size), { gates: 'given' }))
    const own = await runOnePass(pair.onePass, wave)
    const same = await runOnePass(given, wave, means)
    expect(largestDifference(same.clean, own.clean, 0, own.clean.length)).toBeLessThan(TOLERANCE)
    const other = await runOnePass(
      given,
      wave,
      means.map((mean) => mean + 1)
    )
    expect(largestDifference(other.clean, own.clean, 640, own.clean.length - 640)).toBeGreaterThan(TOLERANCE)
    await given.release()
  })

  it('runs on the shortest clip that has a frame', async () => {
    const { clean } = await runOnePass(pair.onePass, testWave(640))
    expect(clean.length).toBe(640)
    expect(clean.every(Number.isFinite)).toBe(true)
  })
})

function joined(arrays: readonly Float32Array[]): Float32Array {
  return Float32Array.from(arrays.flatMap((array) => [...array]))
}

function relativeDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  const scale = b.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  return largestDifference(a, b, 0, b.length) / Math.max(scale, 1e-9)
}
