import { afterAll, describe, expect, it } from 'vitest'
import { formulaStateDict } from '../model/formulaWeights'
import { planState } from '../model/stateLayout'
import { buildStateful } from '../model/stateful'
import { openModel, testWave } from '../model/running.testkit'
import type { ModelSession } from '../onnx/runtime'
import type { BatchItem } from './laneBatcher'
import { SessionLadder } from './sessionLadder'
import type { Rung } from './sessionLadder'
import { newFallbackTrace } from './soundRuns'
import type { LadderedSession } from './soundRuns'
import { CountedRungs, spoiled } from './spoiled.testkit'
import type { Spoiling } from './spoiled.testkit'
import { StatefulLanes } from './statefulLanes'
import type { StatefulLane } from './statefulLanes'

const SIZE = { channels: 4, cascade: 1 } as const
const graph = buildStateful(formulaStateDict(SIZE))
const { size: stateSize, gateSums, gateCount } = planState(SIZE)
const layout = { hopSamples: 320, stateSize, cascade: 1, gateSums, gateCount }
const CHUNK = 3200

const sessions: ModelSession[] = []
afterAll(async () => {
  for (const session of sessions) await session.release()
})

async function ladder(...rungs: [Rung, ...Rung[]]): Promise<SessionLadder> {
  const session = await SessionLadder.start(rungs)
  sessions.push(session)
  return session
}

const plain = async (): Promise<ModelSession> => {
  const session = await openModel(graph)
  sessions.push(session)
  return session
}

/** A wave of six chunks, loud in the fourth. */
function wave(seed = 1): Float32Array {
  const samples = testWave(6 * CHUNK, seed)
  samples[3 * CHUNK + 50] = 3
  return samples
}

const item = (lane: StatefulLane, samples: Float32Array, chunk: number): BatchItem<StatefulLane> => ({
  lane,
  input: samples.subarray(chunk * CHUNK, (chunk + 1) * CHUNK),
  output: new Float32Array(CHUNK)
})

/** All chunks of a lane; what fails ends it. */
async function runAll(
  session: LadderedSession,
  samples: Float32Array
): Promise<{ out: number[]; code: string | null }> {
  const lanes = new StatefulLanes(session, layout, 1)
  const lane = lanes.openLane()
  const out: number[] = []
  for (let chunk = 0; chunk < samples.length / CHUNK; chunk++) {
    const one = item(lane, samples, chunk)
    const [error] = await lanes.runBatch([one])
    if (error) return { out, code: Reflect.get(error, 'code') as string }
    out.push(...one.output)
  }
  return { out, code: null }
}

describe('StatefulLanes on a ladder', () => {
  it.each<Spoiling>([
    { value: NaN, above: 2 },
    { value: -Infinity, above: 2 },
    { value: 0, above: 2 },
    { value: NaN, above: 2, output: 'state_out' }
  ])(
    'runs a chunk that went wrong (%j) again from the same state, one rung down, and never two sessions at once ' +
      '(would catch a history that was carried on from the bad run, NaN that hides in the state, and twice the memory)',
    async (spoiling) => {
      const rungs = new CountedRungs()
      const session = await ladder(rungs.rung(spoiled(graph, spoiling), 'gpu'), rungs.rung(graph, 'cpu'))
      const expected = await runAll(await plain(), wave())
      expect(expected.code).toBeNull()
      expect(await runAll(session, wave())).toEqual(expected)
      expect(session.rung).toBe(1)
      expect(rungs.mostOpen).toBe(1)
    }
  )

  it('fails with E_MODEL_OUTPUT the lane alone that is wrong on the last rung (would catch NaN written, or a neighbour failed with it)', async () => {
    const rungs = new CountedRungs()
    const bad = spoiled(graph, { value: NaN, above: 2 })
    const session = await ladder(rungs.rung(bad, 'gpu'), rungs.rung(bad, 'cpu'))
    const lanes = new StatefulLanes(session, layout, 2)
    const [quiet, loud] = [testWave(6 * CHUNK, 2), wave()]
    const [calm, failing] = [lanes.openLane(), lanes.openLane()]
    const out: number[] = []
    for (let chunk = 0; chunk < 6; chunk++) {
      const first = item(calm, quiet, chunk)
      const errors = await lanes.runBatch(chunk <= 3 ? [first, item(failing, loud, chunk)] : [first])
      expect(errors[0]).toBeNull()
      if (chunk === 3) expect(errors[1]).toMatchObject({ code: 'E_MODEL_OUTPUT' })
      if (chunk === 3) lanes.closeLane(failing)
      out.push(...first.output)
    }
    const alone = await runAll(await plain(), quiet)
    expect(Math.max(...out.map((x, i) => Math.abs(x - alone.out[i]!)))).toBeLessThan(1e-6)
    // The buffer that held NaN is a new lane's: nothing of it may be left.
    const next = lanes.openLane()
    expect(await lanes.runBatch([item(next, quiet, 0)])).toEqual([null])
  })

  it('says that it is the source where the input was no sound already (would catch a model blamed, and two more sessions opened)', async () => {
    const rungs = new CountedRungs()
    const session = await ladder(rungs.rung(graph, 'gpu'), rungs.rung(graph, 'cpu'))
    const samples = wave()
    samples[CHUNK] = Infinity
    expect((await runAll(session, samples)).code).toBe('E_CORRUPT')
    expect(session.rung).toBe(0)
  })

  it('takes zeros for right where there was nothing to hear: the delay, silence, and under -60 dBFS (would catch a false alarm at every start)', async () => {
    const rungs = new CountedRungs()
    const zeros = spoiled(graph, { value: 0, above: -1 })
    const session = await ladder(rungs.rung(zeros, 'cpu'))
    // Output is 8 hops late: what a first chunk of 8 hops gives belongs to nothing yet.
    const lanes = new StatefulLanes(session, layout, 1)
    const lane = lanes.openLane()
    const loud = (hops: number): BatchItem<StatefulLane> => {
      return { lane, input: new Float32Array(320 * hops).fill(0.1), output: new Float32Array(320 * hops) }
    }
    expect(await lanes.runBatch([loud(8)])).toEqual([null])
    expect(await lanes.runBatch([loud(1)])).toMatchObject([{ code: 'E_MODEL_OUTPUT' }])
    lanes.rewind(lane, 100)
    expect(await lanes.runBatch([loud(4)])).toEqual([null])
    const faint = testWave(6 * CHUNK).map((x) => x * 0.002)
    expect((await runAll(session, faint)).code).toBeNull()
    expect((await runAll(session, new Float32Array(6 * CHUNK))).code).toBeNull()
    expect((await runAll(session, testWave(6 * CHUNK))).code).toBe('E_MODEL_OUTPUT')
  })

  it('gives a new lane a clean state after an old one (would catch the history of the last file in the next)', async () => {
    const lanes = new StatefulLanes(await plain(), layout, 1)
    const outputs: Float32Array[] = []
    for (let file = 0; file < 2; file++) {
      const lane = lanes.openLane()
      const items = [0, 1, 2].map((chunk) => item(lane, wave(), chunk))
      for (const one of items) await lanes.runBatch([one])
      outputs.push(items[2]!.output)
      lanes.closeLane(lane)
    }
    expect(outputs[1]).toEqual(outputs[0])
  })
})

describe('SessionLadder', () => {
  const loudFile = async (session: SessionLadder, samples = wave()): Promise<readonly string[]> => {
    await session.begin()
    const trace = newFallbackTrace()
    const lanes = new StatefulLanes(session, layout, 1)
    const lane = lanes.openLane(trace)
    for (let chunk = 0; chunk < 6; chunk++) expect(await lanes.runBatch([item(lane, samples, chunk)])).toEqual([null])
    lanes.closeLane(lane)
    const warnings = session.judge(trace)
    session.end()
    return warnings
  }

  it('climbs back for the next file, stays down after three, and each file says what it took (would catch an FP16 user in FP32 for ever, or unasked)', async () => {
    const rungs = new CountedRungs()
    const bad = spoiled(graph, { value: NaN, above: 2 })
    const session = await ladder(
      rungs.rung(bad, 'gpu', 'fp16'),
      rungs.rung(bad, 'gpu', 'fp32'),
      rungs.rung(graph, 'cpu', 'fp32')
    )
    for (let file = 1; file <= 3; file++) {
      expect(session.staysDown).toBe(false)
      expect(await loudFile(session)).toEqual(['W_PRECISION_FALLBACK', 'W_DEVICE_FALLBACK'])
      expect(session.fallbackFiles).toBe(file)
      expect([session.device, session.loaded.precision]).toEqual(['cpu', 'fp32'])
      if (file < 3) expect(await loudFile(session, testWave(6 * CHUNK))).toEqual([])
    }
    expect(session.staysDown).toBe(true)
    expect(await loudFile(session, testWave(6 * CHUNK))).toEqual(['W_PRECISION_FALLBACK', 'W_DEVICE_FALLBACK'])
    expect(session.fallbackFiles).toBe(3)
    expect(rungs.mostOpen).toBe(1)
  })

  it('goes on to the next rung where one cannot be opened, and back to the first where none can (would catch an engine without a session)', async () => {
    const rungs = new CountedRungs()
    const bad = spoiled(graph, { value: NaN, above: 2 })
    const none: Rung = { device: 'gpu', open: () => Promise.reject(new Error('no such thing')) }
    const session = await ladder(rungs.rung(bad, 'gpu', 'fp16'), none, rungs.rung(graph, 'cpu'))
    expect(await loudFile(session)).toEqual(['W_PRECISION_FALLBACK', 'W_DEVICE_FALLBACK'])
    const helpless = await ladder(rungs.rung(bad, 'gpu', 'fp16'), none)
    expect((await runAll(helpless, wave())).code).toBe('E_INTERNAL')
    expect((await runAll(helpless, testWave(6 * CHUNK))).code).toBeNull()
    const other = buildStateful(formulaStateDict({ channels: 8, cascade: 1 }))
    const mixed = await ladder(rungs.rung(bad, 'gpu', 'fp16'), rungs.rung(other, 'cpu'))
    expect((await runAll(mixed, wave())).code).toBe('E_MODEL_DAMAGED')
  })
})
