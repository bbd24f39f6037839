import { describe, expect, it } from 'vitest'
import { chooseShape, type ShapeQuestion } from './chooseShape'
import type { Shape, ShapePoint } from './shape'
import { smallerShape, within } from './shape'

const MB = 1e6
/** 100 MB and 40 MB a lane and second. */
const forecast = ({ chunkSec, batch }: Shape): number => (100 + 40 * chunkSec * batch) * MB
const point = (chunkSec: number, batch: number, speed: number | null): ShapePoint => {
  return { chunkSec, batch, speed, peakBytes: forecast({ chunkSec, batch }) }
}
const ask = (budgetMb: number, more: Partial<ShapeQuestion> = {}): ReturnType<typeof chooseShape> =>
  chooseShape({ budgetBytes: budgetMb * MB, forecast, points: [], chunkSec: 1, limit: null, ...more })

describe('chooseShape', () => {
  it('takes the chunk first, then the lanes, by measured speed', () => {
    const points = [point(0.5, 1, 10), point(2, 1, 14), point(2, 4, 20), point(0.5, 16, 99)]
    expect(ask(1000, { points })).toMatchObject({ shape: { chunkSec: 2, batch: 4 } })
  })

  it('never goes over the budget (the fastest shape took twice of what was allowed)', () => {
    const points = [point(0.5, 1, 10), point(1, 1, 12), point(2, 1, 14), point(1, 4, 30)]
    for (const budgetMb of [115, 130, 145, 200, 400]) {
      const choice = ask(budgetMb, { points })
      expect(choice.kind === 'fits' && choice.bytes).toBeLessThanOrEqual(budgetMb * MB)
    }
  })

  it('never takes lanes that are slower than one (a batch that costs memory and time)', () => {
    const points = [point(1, 1, 10), point(0.5, 1, 9), point(1, 4, 9.9), point(1, 8, 10.2)]
    expect(ask(1000, { points })).toMatchObject({ shape: { chunkSec: 1, batch: 1 } })
  })

  it('takes the smaller of two that are as fast', () => {
    const points = [point(0.5, 1, 10), point(10, 1, 10.3)]
    expect(ask(1000, { points })).toMatchObject({ shape: { chunkSec: 0.5, batch: 1 } })
  })

  it('takes the model’s own chunk where nobody timed anything, or the longest below it that fits', () => {
    expect(ask(1000)).toMatchObject({ shape: { chunkSec: 1, batch: 1 } })
    expect(ask(125)).toMatchObject({ shape: { chunkSec: 0.5, batch: 1 } })
  })

  it('says what the smallest shape needs where nothing fits', () => {
    expect(ask(105)).toEqual({ kind: 'tooSmall', smallestBytes: 110 * MB })
  })

  it('takes nothing larger than what went well after memory had run out', () => {
    const points = [point(0.5, 1, 10), point(2, 1, 14), point(0.5, 2, 20)]
    expect(ask(1000, { points, limit: { chunkSec: 0.5, batch: 1 } })).toMatchObject({
      shape: { chunkSec: 0.5, batch: 1 }
    })
  })
})

describe('smaller shapes', () => {
  it('halve the lanes, then the chunk, down to the floor', () => {
    const way: Shape[] = []
    for (let at: Shape | null = { chunkSec: 1, batch: 5 }; at; at = smallerShape(at)) way.push(at)
    expect(way.map(({ chunkSec, batch }) => `${chunkSec}x${batch}`)).toEqual(['1x5', '1x2', '1x1', '0.5x1', '0.25x1'])
  })

  it('a limit bounds what is larger, and leaves what is not', () => {
    expect(within({ chunkSec: 1, batch: 4 }, { chunkSec: 1, batch: 2 })).toEqual({ chunkSec: 1, batch: 2 })
    expect(within({ chunkSec: 2, batch: 1 }, { chunkSec: 0.5, batch: 1 })).toEqual({ chunkSec: 0.5, batch: 1 })
    expect(within({ chunkSec: 0.25, batch: 2 }, { chunkSec: 0.5, batch: 1 })).toEqual({ chunkSec: 0.25, batch: 2 })
  })
})
