import { describe, expect, it } from 'vitest'
import { LaneBatcher } from './laneBatcher'
import { LaneWidth } from './laneWidth'
import { countRun, newRunCounters } from './statefulLanes'

interface Lane {
  readonly name: string
}

/** Widths of the runs that `rounds` rounds of four lanes make, where a run takes what `secondsOf` its width says. */
async function widths(secondsOf: (lanes: number) => number, { rounds = 12, most = 4 } = {}): Promise<number[]> {
  const counters = newRunCounters()
  const width = new LaneWidth(most, counters)
  const seen: number[] = []
  const run = width.measured<Lane>((items) => {
    seen.push(items.length)
    const used = { user: 0, system: 0 }
    countRun(counters, { lanes: items.length, samples: 1, seconds: secondsOf(items.length), used })
    return Promise.resolve(items.map(() => null))
  })
  const batcher = new LaneBatcher<Lane>((samples) => width.next(samples), run)
  const lanes = ['a', 'b', 'c', 'd'].map((name): Lane => ({ name }))
  for (const lane of lanes) batcher.open(lane)
  const each = async (lane: Lane): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      await batcher.run(lane, new Float32Array(1), new Float32Array(1))
    }
    batcher.close(lane)
  }
  await Promise.all(lanes.map(each))
  return seen
}

describe('LaneWidth', () => {
  it('runs all lanes together where that is quicker (a GPU that is fed one lane at a time)', async () => {
    const seen = await widths(() => 1)
    expect(seen.slice(-4)).toEqual([4, 4, 4, 4])
  })

  it('runs them one by one where together takes longer (a batch that costs time on a CPU)', async () => {
    const seen = await widths((lanes) => lanes * (lanes > 1 ? 1.03 : 1))
    expect(seen.slice(0, 4)).toEqual([4, 4, 4, 4])
    expect(new Set(seen.slice(4))).toEqual(new Set([1]))
  })

  it('runs every chunk of every lane, however often it changes its mind (a chunk that waits for ever)', async () => {
    for (const most of [1, 2, 3, 4]) {
      const seen = await widths((lanes) => lanes, { rounds: 7, most })
      expect(seen.reduce((sum, lanes) => sum + lanes, 0)).toBe(28)
    }
  })

  it('forgives the first run of a width, which makes its buffers (one slow start that decides for good)', async () => {
    let together = 0
    const seen = await widths((lanes) => (lanes > 1 && together++ === 0 ? 100 : 1))
    expect(seen.slice(-4)).toEqual([4, 4, 4, 4])
  })
})
