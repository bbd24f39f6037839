import { afterAll, describe, expect, it } from 'vitest'
import { formulaStateDict } from '../model/formulaWeights'
import { buildOnePass } from '../model/onePass'
import { planState } from '../model/stateLayout'
import { buildStateful } from '../model/stateful'
import { openModel, runOnePass, stream, testWave } from '../model/running.testkit'
import type { ModelSession } from '../onnx/runtime'
import { CarriedJoin } from './carried'
import type { CarriedModel } from './carried'
import type { LaneOptions, Survey } from './join'
import { settledAfterFrames } from './statefulLanes'
import type { StatefulLane, StatefulLanes } from './statefulLanes'

const sessions: ModelSession[] = []
afterAll(async () => {
  for (const session of sessions) await session.release()
})

async function small(cascade: 1 | 2): Promise<{ session: ModelSession; model: CarriedModel }> {
  const size = { channels: 4, cascade }
  const session = await openModel(buildStateful(formulaStateDict(size)))
  sessions.push(session)
  const { size: stateSize, gateSums, gateCount } = planState(size)
  const delaySamples = 320 * (7 * cascade + 1)
  const model = { sampleRateHz: 16000, hopSamples: 320, cascade, delaySamples, stateSize, gateSums, gateCount }
  return { session, model }
}

const NO_SURVEY: Survey = { whole: null, excerpts: [] }
const options = (totalSamples: number, survey = NO_SURVEY): LaneOptions => ({
  totalSamples,
  gain: 1,
  survey,
  checkpoint: async () => undefined
})

/** Feeds a wave in blocks of `block` samples. */
async function denoise(join: CarriedJoin, wave: Float32Array, block: number, survey?: Survey): Promise<Float32Array> {
  const lane = await join.open(options(wave.length, survey))
  const out: number[] = []
  for (let at = 0; at < wave.length; at += block) out.push(...(await lane.push(wave.subarray(at, at + block))))
  out.push(...(await lane.finish()))
  lane.close()
  return Float32Array.from(out)
}

/** The stateful graph in one run over the wave with its edges, and zeros for the delay: what every chunking must give. */
async function oneRun(
  session: ModelSession,
  wave: Float32Array,
  model: CarriedModel,
  means?: Float32Array
): Promise<Float32Array> {
  const fed = new Float32Array(640 + Math.ceil(wave.length / 320) * 320 + 640)
  fed.set(wave, 640)
  const size = { channels: 4, cascade: model.cascade as 1 | 2 }
  const out = await stream(session, fed, { size, pieces: [1e6], ...(means === undefined ? {} : { means }) })
  return out.slice(640, 640 + wave.length)
}

function maxDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0)
}

function frozenMeans(model: CarriedModel): Float32Array {
  return Float32Array.from({ length: model.gateSums.size }, (_, i) => Math.sin(i) * 0.3)
}

describe.each([1, 2] as const)('CarriedJoin, cascade %i', (cascade) => {
  it('equals one run of the stateful graph for any chunk and any feeding (would catch a lost or doubled sample)', async () => {
    const { session, model } = await small(cascade)
    const means = frozenMeans(model)
    for (const length of [1, 319, 1600, 20_001]) {
      const wave = testWave(length)
      const expected = await oneRun(session, wave, model, means)
      for (const [chunkSec, block] of [
        [0.5, 8000],
        [0.02, 777],
        [0.14, 20_001],
        [3, 5000]
      ] as const) {
        const join = new CarriedJoin(session, model, { chunkSec, batch: 1, survey: null })
        withGates(join, model, means)
        expect(maxDifference(await denoise(join, wave, block), expected)).toBeLessThan(2e-6)
      }
    }
  })

  it('skips chunks of settled silence and equals the run that does not (would catch a settle time that is too short)', async () => {
    const { session, model } = await small(cascade)
    const means = frozenMeans(model)
    const wave = testWave(16000 * 8)
    wave.fill(0, 16000 * 2, 16000 * 6)
    const expected = await oneRun(session, wave, model, means)
    const join = new CarriedJoin(session, model, { chunkSec: 0.1, batch: 1, survey: null })
    withGates(join, model, means)
    expect(maxDifference(await denoise(join, wave, 1600), expected)).toBeLessThan(2e-6)
    const settledSec = settledAfterFrames(cascade) / 50
    expect(join.counters.skippedChunks).toBeGreaterThanOrEqual(Math.floor((4 - settledSec) / 0.1) - 2)
    expect(join.counters.skippedChunks).toBeLessThanOrEqual((4 - settledSec) / 0.1 + 1)
  })
})

/** Gives every lane that opens the same frozen means, in place of a survey. */
function withGates(join: CarriedJoin, model: CarriedModel, means: Float32Array): void {
  const lanes = Reflect.get(join, 'lanes') as StatefulLanes
  const openLane = lanes.openLane.bind(lanes)
  lanes.openLane = () => {
    const lane = openLane()
    means.forEach((mean, i) => (lane.state[model.gateSums.offset + i] = mean * 1e9))
    lane.state[model.gateCount.offset] = 1e9
    return lane
  }
}

describe('CarriedJoin survey', () => {
  it.each([
    ['a short file, whole', 40_000, 0.1],
    // Five frames: the official mean has a sixth, made of padding.
    ['a very short file, whole', 900, 0.2],
    ['excerpts of a long one', 16_000 * 30, 0.1]
  ])(
    'freezes the means of one pass: %s (would catch a lost gain, or frames counted twice)',
    async (_title, length, tolerance) => {
      const { session, model } = await small(1)
      const wave = testWave(length)
      const gain = 3
      const fed = new Float32Array(640 + Math.ceil(length / 320) * 320 + 640)
      fed.set(
        wave.map((x) => x * gain),
        640
      )
      const onePass = await openModel(
        buildOnePass(formulaStateDict({ channels: 4, cascade: 1 }), { exposeGates: true })
      )
      sessions.push(onePass)
      const { means } = await runOnePass(onePass, fed)
      const isWhole = length < 128_000
      const excerpts = [3, 10, 20].map((sec) => wave.subarray(16_000 * sec, 16_000 * (sec + 1)))
      const survey = isWhole ? { whole: wave, excerpts: [] } : { whole: null, excerpts }
      const join = new CarriedJoin(session, model, { chunkSec: 0.5, batch: 1 })
      const lanes = Reflect.get(join, 'lanes') as StatefulLanes
      const opened: StatefulLane[] = []
      const openLane = lanes.openLane.bind(lanes)
      lanes.openLane = () => {
        opened.push(openLane())
        return opened.at(-1)!
      }
      await join.open({ ...options(length, survey), gain })
      const { state } = opened[0]!
      // The first gate depends on no other; the deeper ones are made while the first still settle.
      for (let i = 0; i < 8; i++) {
        const frozen = state[model.gateSums.offset + i]! / state[model.gateCount.offset]!
        expect(Math.abs(frozen - means![i]!)).toBeLessThan(tolerance * Math.abs(means![i]!) + 0.02)
      }
    }
  )
})

describe('CarriedJoin lanes', () => {
  it('gives a lane the same bytes alone and beside others (would catch state mixed up between lanes)', async () => {
    const { session, model } = await small(1)
    const waves = [1, 2, 3].map((seed) => testWave(16_000 + 3000 * seed, seed))
    const survey = (wave: Float32Array): Survey => ({ whole: wave, excerpts: [] })
    const alone: Float32Array[] = []
    for (const wave of waves) {
      alone.push(await denoise(new CarriedJoin(session, model, { chunkSec: 0.2, batch: 1 }), wave, 3200, survey(wave)))
    }
    const join = new CarriedJoin(session, model, { chunkSec: 0.2, batch: 2 })
    const together = await Promise.all(waves.map((wave) => denoise(join, wave, 3200, survey(wave))))
    together.forEach((wave, i) => {
      expect(Buffer.from(wave.buffer).equals(Buffer.from(alone[i]!.buffer))).toBe(true)
    })
  })

  it('stops between two runs when cancelled', async () => {
    const { session, model } = await small(1)
    const controller = new AbortController()
    const join = new CarriedJoin(session, model, { chunkSec: 0.1, batch: 1, survey: null })
    const checkpoint = async (): Promise<void> => {
      controller.signal.throwIfAborted()
    }
    const lane = await join.open({ ...options(160_000), checkpoint })
    setTimeout(() => {
      controller.abort(new Error('stop'))
    }, 20)
    await expect(lane.push(testWave(160_000))).rejects.toThrow('stop')
    expect(join.counters.runs).toBeLessThan(100)
    lane.close()
  })
})
