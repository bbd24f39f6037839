import { describe, expect, it } from 'vitest'
import { LaneBatcher } from './laneBatcher'
import type { BatchItem } from './laneBatcher'

interface Lane {
  readonly name: string
}

/** Doubles its input; notes who ran together. */
function doubler(): {
  runs: string[][]
  run: (items: readonly BatchItem<Lane>[]) => Promise<(Error | null)[]>
} {
  const runs: string[][] = []
  const run = async (items: readonly BatchItem<Lane>[]): Promise<(Error | null)[]> => {
    await new Promise((resolve) => setImmediate(resolve))
    runs.push(items.map((item) => item.lane.name))
    for (const { input, output } of items) output.set(input.map((x) => 2 * x))
    return items.map(() => null)
  }
  return { runs, run }
}

async function feed(batcher: LaneBatcher<Lane>, lane: Lane, chunks: number): Promise<number[]> {
  const got: number[] = []
  const output = new Float32Array(1)
  for (let i = 0; i < chunks; i++) {
    await batcher.run(lane, Float32Array.of(i), output)
    got.push(output[0]!)
  }
  batcher.close(lane)
  return got
}

const lanes = ['a', 'b', 'c'].map((name): Lane => ({ name }))

describe('LaneBatcher', () => {
  it('fills the batch and lets the rest go on when a lane ends (would catch waiting for a lane that is gone)', async () => {
    const { runs, run } = doubler()
    const batcher = new LaneBatcher(() => 2, run)
    for (const lane of lanes) batcher.open(lane)
    const results = await Promise.all(lanes.map((lane, i) => feed(batcher, lane, 3 + 2 * i)))
    expect(results).toEqual([3, 5, 7].map((n) => Array.from({ length: n }, (_, i) => 2 * i)))
    const full = runs.filter((names) => names.length === 2).length
    expect(full).toBeGreaterThanOrEqual(6)
    expect(runs.flat().length).toBe(15)
    for (const names of runs) expect(new Set(names).size).toBe(names.length)
  })

  it('goes on without a lane that has nothing to run (would catch a deadlock behind a slow decoder)', async () => {
    const { runs, run } = doubler()
    const batcher = new LaneBatcher(() => 2, run)
    for (const lane of lanes.slice(0, 2)) batcher.open(lane)
    await batcher.run(lanes[0]!, new Float32Array(1), new Float32Array(1))
    expect(runs).toEqual([['a']])
  })

  it('never mixes lengths in one run (would catch rows read across each other)', async () => {
    const { runs, run } = doubler()
    const batcher = new LaneBatcher(() => 3, run)
    for (const lane of lanes) batcher.open(lane)
    const lengths = [4, 8, 4]
    await Promise.all(
      lanes.map((lane, i) => batcher.run(lane, new Float32Array(lengths[i]!), new Float32Array(lengths[i]!)))
    )
    expect(runs).toEqual([['a', 'c'], ['b']])
  })

  it('fails one lane alone, or all of a run that threw, and runs again afterwards', async () => {
    let mode: 'one' | 'all' | 'none' = 'one'
    const batcher = new LaneBatcher<Lane>(
      () => 2,
      async (items) => {
        if (mode === 'all') throw new Error('run failed')
        return items.map(({ lane }) => (mode === 'one' && lane.name === 'b' ? new Error('b failed') : null))
      }
    )
    for (const lane of lanes.slice(0, 2)) batcher.open(lane)
    const round = async (): Promise<string[]> => {
      const results = await Promise.allSettled(
        lanes.slice(0, 2).map((lane) => batcher.run(lane, new Float32Array(1), new Float32Array(1)))
      )
      return results.map((r) => (r.status === 'fulfilled' ? 'ok' : String(r.reason)))
    }
    expect(await round()).toEqual(['ok', 'Error: b failed'])
    mode = 'all'
    expect(await round()).toEqual(['Error: run failed', 'Error: run failed'])
    mode = 'none'
    expect(await round()).toEqual(['ok', 'ok'])
  })

  it('turns the event loop between runs, so that a cancel is seen (would catch a microtask-only loop)', async () => {
    let turns = 0
    const batcher = new LaneBatcher<Lane>(
      () => 1,
      async (items) => items.map(() => null)
    )
    batcher.open(lanes[0]!)
    let counter = setImmediate(function count() {
      turns++
      counter = setImmediate(count)
    })
    const output = new Float32Array(1)
    for (let run = 0; run < 50; run++) await batcher.run(lanes[0]!, output, output)
    clearImmediate(counter)
    expect(turns).toBeGreaterThan(40)
  })

  it('rejects a chunk of a lane that is closed while it waits', async () => {
    const { run } = doubler()
    const batcher = new LaneBatcher(() => 2, run)
    for (const lane of lanes.slice(0, 2)) batcher.open(lane)
    const waiting = batcher.run(lanes[0]!, new Float32Array(1), new Float32Array(1))
    batcher.close(lanes[0]!)
    await expect(waiting).rejects.toThrow('lane closed')
    await expect(batcher.run(lanes[0]!, new Float32Array(1), new Float32Array(1))).rejects.toThrow('not open')
  })
})
