import { describe, expect, it } from 'vitest'
import type { ModelSession, Tensors } from '../onnx/runtime'
import { StatefulLanes } from './statefulLanes'

const layout = { hopSamples: 320, stateSize: 4, cascade: 1, gateSums: { offset: 0, size: 2 }, gateCount: { offset: 2 } }

/** Copies input to output and counts in state[3]; `spoil` may put its own value at the front of a row's output. */
function counting(spoil: (run: number, row: number) => number | null): { session: ModelSession; states: number[][] } {
  const states: number[][] = []
  const session: ModelSession = {
    threads: 1,
    inputNames: [],
    outputNames: [],
    inputShapes: {},
    release: async () => undefined,
    run: async (inputs: Tensors, into: Tensors = {}) => {
      const [state, next] = [inputs.state!.data as Float32Array, into.state_out!.data as Float32Array]
      const [noisy, clean] = [inputs.noisy!.data as Float32Array, into.clean!.data as Float32Array]
      clean.set(noisy)
      next.set(state)
      const rows = state.length / 4
      for (let row = 0; row < rows; row++) {
        next[row * 4 + 3]! += 1
        const value = spoil(states.length, row)
        if (value !== null) clean[(row * noisy.length) / rows] = value
      }
      states.push([...state])
      return {}
    }
  }
  return { session, states }
}

const chunk = (): Float32Array => new Float32Array(320).fill(0.5)

describe('StatefulLanes', () => {
  it('runs a chunk that is not finite once more from the same state, and then goes on', async () => {
    const { session, states } = counting((run) => (run === 1 ? NaN : null))
    const lanes = new StatefulLanes(session, layout, 1)
    const lane = lanes.openLane()
    const output = new Float32Array(320)
    for (let i = 0; i < 3; i++) {
      expect(await lanes.runBatch([{ lane, input: chunk(), output }])).toEqual([null])
      expect(output).toEqual(chunk())
    }
    expect(states.map((state) => state[3])).toEqual([0, 1, 1, 2])
    expect(lane.framesFed).toBe(3)
  })

  it('fails the lane that stays not finite, alone (would catch NaN written to a file, or a neighbour failed with it)', async () => {
    const { session } = counting((_run, row) => (row === 1 ? Infinity : null))
    const lanes = new StatefulLanes(session, layout, 2)
    const items = [lanes.openLane(), lanes.openLane()].map((lane) => ({
      lane,
      input: chunk(),
      output: new Float32Array(320)
    }))
    const errors = await lanes.runBatch(items)
    expect(errors[0]).toBeNull()
    expect(errors[1]).toMatchObject({ code: 'E_INTERNAL' })
    expect(items[0]!.output).toEqual(chunk())
  })

  it('gives a new lane a clean state after an old one (would catch the history of the last file in the next)', async () => {
    const { session, states } = counting(() => null)
    const lanes = new StatefulLanes(session, layout, 1)
    for (let file = 0; file < 2; file++) {
      const lane = lanes.openLane()
      await lanes.runBatch([{ lane, input: chunk(), output: new Float32Array(320) }])
      lanes.closeLane(lane)
    }
    expect(states).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0]
    ])
  })
})
