import { describe, expect, it } from 'vitest'
import type { LoudnessView } from '../../../shared/ipc/playerViews'
import { TILE_COLUMNS, TILE_HOP, TILE_ROWS } from '../../../shared/ipc/playerViews'
import { AskInTurn } from './askInTurn'
import { blindRound, signalBehind, voted } from './blind'
import { colourMap } from './colourMap'
import { AS_THEY_ARE, matchLevels, MOST_BOOST_DB } from './levelMatch'
import { playerCommand } from './playerKeys'
import { addressesFor, coarsest, pixelsOf } from './tilePictures'
import { BoundedCache, levelFor, tileFrames, tilesIn } from './tiles'
import { questionFor } from './trackData'
import { layoutOf } from './trackLayout'
import {
  followed,
  frameAtX,
  frequencyTicks,
  isWhole,
  loopBetween,
  placed,
  timeText,
  timeTicks,
  wholeView,
  xOfFrame,
  zoomed
} from './view'

describe('the view', () => {
  it('keeps what is under the pointer where it is, in and out again', () => {
    const frames = 1_000_000
    const view = { startFrame: 200_000, endFrame: 400_000 }
    const closer = zoomed(view, 0.25, { frame: 250_000, frames })
    expect(xOfFrame(closer, 250_000, 800)).toBeCloseTo(xOfFrame(view, 250_000, 800), 6)
    expect(zoomed(closer, 4, { frame: 250_000, frames })).toEqual(view)
  })

  it('never leaves the clip, nor shows less than some samples', () => {
    const frames = 10_000
    expect(placed(-500, 2000, frames)).toEqual({ startFrame: 0, endFrame: 2000 })
    expect(placed(9500, 2000, frames)).toEqual({ startFrame: 8000, endFrame: 10_000 })
    let view = wholeView(frames)
    for (let i = 0; i < 40; i++) view = zoomed(view, 0.5, { frame: 9999, frames })
    expect(view.endFrame - view.startFrame).toBe(96)
    for (let i = 0; i < 40; i++) view = zoomed(view, 2, { frame: 9999, frames })
    expect(isWhole(view, frames)).toBe(true)
    expect(placed(0, 5, 20)).toEqual({ startFrame: 0, endFrame: 20 })
  })

  it('turns a page when the playhead leaves it, and not before', () => {
    const view = { startFrame: 0, endFrame: 1000 }
    expect(followed(view, 1000, 5000)).toBe(view)
    const next = followed(view, 1001, 5000)
    expect(next.startFrame).toBeGreaterThan(900)
    expect(next.endFrame - next.startFrame).toBe(1000)
  })

  it('makes a loop of whole frames in any direction, and none of a twitch', () => {
    const least = { frames: 1000, leastFrames: 20 }
    expect(loopBetween(300.4, 99.6, least)).toEqual({ fromFrame: 100, toFrame: 300 })
    expect(loopBetween(-50, 5000, least)).toEqual({ fromFrame: 0, toFrame: 1000 })
    expect(loopBetween(100, 110, least)).toBeNull()
    expect(frameAtX({ startFrame: 100, endFrame: 300 }, 400, 800)).toBe(200)
  })
})

describe('the axes', () => {
  it('says hours, minutes and parts of seconds, and never a time that is not reached', () => {
    expect([0, 5, 59.999, 61, 3750, 36_000].map((sec) => timeText(sec))).toEqual([
      '0:00',
      '0:05',
      '0:59',
      '1:01',
      '1:02:30',
      '10:00:00'
    ])
    expect(timeText(5.25, 2)).toBe('0:05.25')
    expect(timeText(0.3, 1)).toBe('0:00.3')
  })

  it('has round times that do not crowd, from a few samples to hours', () => {
    for (const [start, end] of [
      [0, 0.004],
      [3.2, 3.9],
      [0, 20],
      [100, 700],
      [0, 7200],
      [0, 200_000]
    ] as const) {
      const ticks = timeTicks(start, end, { widthPx: 900, leastPx: 78 })
      expect(ticks.length, `${start} to ${end}`).toBeGreaterThanOrEqual(2)
      expect(ticks.length).toBeLessThanOrEqual(900 / 78 + 1)
      expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length)
      expect(ticks.every(({ sec }) => sec >= start - 1e-6 && sec <= end + 1e-6)).toBe(true)
    }
    expect(timeTicks(0, 10, { widthPx: 0, leastPx: 78 })).toEqual([])
  })

  it('has frequencies under the top, as many as there is room for', () => {
    expect(frequencyTicks(8000, { heightPx: 60, leastPx: 22 })).toEqual([4000])
    expect(frequencyTicks(24_000, { heightPx: 200, leastPx: 22 })).toEqual([4000, 8000, 12_000, 16_000, 20_000])
    expect(frequencyTicks(8000, { heightPx: 10, leastPx: 22 })).toEqual([])
  })
})

describe('tiles', () => {
  it('come with about a column for a pixel, at every zoom of a file of two hours', () => {
    const frames = 7200 * 48_000
    for (let length = 1000; length < frames; length *= 3) {
      const view = placed(frames / 3, length, frames)
      const level = levelFor(view, 1600)
      const columns = length / (TILE_HOP * 2 ** level)
      if (level > 0) expect(columns).toBeGreaterThan(1600 / 1.5)
      expect(columns).toBeLessThan(1600 * 1.5)
      expect(tilesIn(view, level, { frames, atFrame: 0 }).length).toBeLessThan(12)
    }
  })

  it('are those in sight and no other, the nearest first', () => {
    const span = tileFrames(2)
    expect(span).toBe(TILE_COLUMNS * TILE_HOP * 4)
    const view = { startFrame: span * 2 + 5, endFrame: span * 5 }
    expect(tilesIn(view, 2, { frames: span * 9, atFrame: span * 4.5 })).toEqual([4, 3, 2])
    expect(tilesIn(view, 2, { frames: span * 3, atFrame: 0 })).toEqual([2])
  })

  it('ask for the whole clip’s one first: something is there at once', () => {
    const frames = 40 * tileFrames(0)
    const look = { signal: 'clean', view: placed(0, 20_000, frames), frames, pixels: 1000 } as const
    expect(coarsest(frames)).toBe(6)
    expect(addressesFor(look, 0)[0]).toEqual({ signal: 'clean', level: 6, index: 0 })
    expect(coarsest(10)).toBe(0)
  })

  it('stand upright: the lowest frequency of the first column is the lower left pixel', () => {
    const bytes = new Uint8Array(TILE_COLUMNS * TILE_ROWS)
    bytes[0] = 200
    bytes[3 * TILE_ROWS + 10] = 90
    const map = Uint32Array.from({ length: 256 }, (_, i) => i)
    const pixels = pixelsOf(bytes, map)
    expect(pixels[(TILE_ROWS - 1) * TILE_COLUMNS]).toBe(200)
    expect(pixels[(TILE_ROWS - 1 - 10) * TILE_COLUMNS + 3]).toBe(90)
  })

  it('are kept up to a number, the ones used last (memory that grows with scrolling)', () => {
    const cache = new BoundedCache<number>(3)
    for (const n of [1, 2, 3]) cache.set(String(n), n)
    cache.get('1')
    cache.set('4', 4)
    expect([cache.get('1'), cache.get('2'), cache.size]).toEqual([1, undefined, 3])
  })

  it('and outlines are asked for whole frames, never more bins than the contract takes', () => {
    expect(questionFor({ startFrame: 0.4, endFrame: 99.2 }, 4000, 1000)).toEqual({
      view: { startFrame: 0, endFrame: 100 },
      bins: 100
    })
    expect(questionFor({ startFrame: 0, endFrame: 1e9 }, 9999, 5e6)).toEqual({
      view: { startFrame: 0, endFrame: 5e6 },
      bins: 4096
    })
  })
})

describe('asking in turn', () => {
  it('skips what nobody waits for any more, and goes on after a refusal', async () => {
    const waiting: ((ok: boolean) => void)[] = []
    const asked: number[] = []
    const taken: number[] = []
    const failed: unknown[] = []
    const turns = new AskInTurn<number, number>(
      (question) => {
        asked.push(question)
        return new Promise((resolve, reject) =>
          waiting.push((ok) => {
            if (ok) resolve(question)
            else reject(new Error('no'))
          })
        )
      },
      { take: (question) => taken.push(question), fail: (thrown) => failed.push(thrown) }
    )
    for (const question of [1, 2, 3]) turns.wish(question)
    waiting[0]!(true)
    await Promise.resolve().then(() => Promise.resolve())
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(asked).toEqual([1, 3])
    waiting[1]!(false)
    await new Promise((resolve) => setTimeout(resolve, 0))
    turns.wish(4)
    waiting[2]!(true)
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect([taken, failed.length]).toEqual([[1, 4], 1])
  })
})

describe('the level match', () => {
  const view = (
    original: [number | null, number],
    clean: [number | null, number],
    removed: [number | null, number]
  ): LoudnessView => ({
    original: { lufs: original[0], peak: original[1] },
    clean: { lufs: clean[0], peak: clean[1] },
    removed: { lufs: removed[0], peak: removed[1] },
    isExact: true
  })

  it('brings all to one loudness', () => {
    const { gains, limited, loweredDb } = matchLevels(view([-30, 0.2], [-34, 0.15], [-40, 0.05]))
    const after = [
      -30 + 20 * Math.log10(gains.original),
      -34 + 20 * Math.log10(gains.clean),
      -40 + 20 * Math.log10(gains.removed)
    ]
    for (const lufs of after) expect(lufs).toBeCloseTo(-30, 9)
    expect([limited, loweredDb]).toEqual([[], 0])
  })

  it('lowers all together where a peak would be cut, and they stay alike', () => {
    const peaks = [0.9, 0.5, 0.4] as const
    const match = matchLevels(view([-16, peaks[0]], [-20, peaks[1]], [-28, peaks[2]]))
    const { gains } = match
    expect(Math.max(gains.original * peaks[0], gains.clean * peaks[1], gains.removed * peaks[2])).toBeCloseTo(1, 9)
    expect(match.loweredDb).toBeLessThan(0)
    expect(-16 + 20 * Math.log10(gains.original)).toBeCloseTo(-28 + 20 * Math.log10(gains.removed), 9)
    expect(match.appliedDb.original).toBeCloseTo(match.loweredDb, 9)
  })

  it('raises nothing by more than the bound, and says which one it was', () => {
    const match = matchLevels(view([-20, 0.1], [-21, 0.1], [-75, 0.0001]))
    expect(match.limited).toEqual(['removed'])
    expect(match.appliedDb.removed).toBe(MOST_BOOST_DB)
  })

  it('leaves silence alone, also all of it', () => {
    const match = matchLevels(view([-20, 0.5], [null, 0], [-20, 0.5]))
    expect([match.gains.clean, match.appliedDb.clean]).toEqual([1, null])
    expect(matchLevels(view([null, 0], [null, 0], [null, 0])).gains).toEqual(AS_THEY_ARE.gains)
    expect(matchLevels(view([null, 0], [-30, 0.1], [-20, 0.3])).appliedDb.removed).toBe(-10)
  })
})

describe('the blind comparison', () => {
  it('counts for what was behind the letter, once a round, over rounds', () => {
    let test = blindRound(1, null)
    expect([signalBehind(test, 'x'), signalBehind(test, 'y')]).toEqual(['clean', 'original'])
    test = voted(voted(test, 'x'), 'y')
    expect(test.score).toEqual({ clean: 1, original: 0, none: 0 })
    test = blindRound(0, test)
    expect([test.vote, signalBehind(test, 'x')]).toEqual([null, 'original'])
    test = voted(blindRound(0, voted(test, 'y')), 'none')
    expect(test.score).toEqual({ clean: 2, original: 0, none: 1 })
  })
})

describe('the colours', () => {
  it.each(['dark', 'light'] as const)('go one way in lightness, in the %s theme (loud that looks quiet)', (theme) => {
    const luminance = [...colourMap(theme)].map(
      (word) =>
        0.2126 * ((word & 255) / 255) ** 2.2 +
        0.7152 * (((word >> 8) & 255) / 255) ** 2.2 +
        0.0722 * (((word >> 16) & 255) / 255) ** 2.2
    )
    const way = theme === 'dark' ? 1 : -1
    for (let i = 1; i < 256; i++) expect((luminance[i]! - luminance[i - 1]!) * way).toBeGreaterThan(-0.004)
    expect(Math.abs(luminance[255]! - luminance[0]!)).toBeGreaterThan(0.7)
    expect([...colourMap(theme)].every((word) => word >>> 24 === 255)).toBe(true)
  })
})

describe('the layout', () => {
  const at = {
    widthPx: 1200,
    heightPx: 220,
    signals: ['original', 'clean', 'removed'],
    heard: 'clean',
    look: 'both',
    isZoomed: false
  } as const

  it('gives what was removed a lane where there is room, else the clean one’s while it is heard', () => {
    expect(layoutOf(at).lanes.map(({ signal }) => signal)).toEqual(['original', 'clean'])
    expect(layoutOf({ ...at, heard: 'removed' }).lanes.map(({ signal }) => signal)).toEqual(['original', 'removed'])
    expect(layoutOf({ ...at, heightPx: 400 }).lanes).toHaveLength(3)
    expect(layoutOf({ ...at, signals: ['original'], heightPx: 400 }).lanes).toHaveLength(1)
  })

  it('stays in the canvas, and the lanes do not touch', () => {
    for (const look of ['both', 'wave', 'spectrum'] as const) {
      const { lanes, axis, field } = layoutOf({ ...at, look, isZoomed: true })
      expect(axis.y + axis.height).toBeLessThanOrEqual(220)
      expect(field.x + field.width).toBeLessThanOrEqual(1200)
      expect(lanes[1]!.box.y).toBeGreaterThan(lanes[0]!.box.y + lanes[0]!.box.height)
      expect(lanes[1]!.box.y + lanes[1]!.box.height).toBeLessThanOrEqual(axis.y + 0.001)
    }
  })
})

describe('the keys', () => {
  const key = (name: string, more: Partial<KeyboardEvent> = {}): Parameters<typeof playerCommand>[0] => ({
    key: name,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...more
  })

  it('seek by 5, 1 and 30 seconds', () => {
    const by = (more: Partial<KeyboardEvent>): unknown => playerCommand(key('ArrowLeft', more), 'surface')
    expect([by({}), by({ shiftKey: true }), by({ ctrlKey: true }), by({ altKey: true })]).toEqual(
      [-5, -1, -30, -30].map((sec) => ({ kind: 'seekBy', sec }))
    )
  })

  it('leave Shift+Tab to the browser, and Tab on a button: nobody is trapped', () => {
    expect(playerCommand(key('Tab'), 'surface')).toEqual({ kind: 'cycle' })
    expect(playerCommand(key('Tab', { shiftKey: true }), 'surface')).toBeNull()
    for (const owner of ['button', 'group', 'field'] as const) expect(playerCommand(key('Tab'), owner)).toBeNull()
  })

  it('leave a control its own keys, and a field all but Escape', () => {
    expect(playerCommand(key(' '), 'button')).toBeNull()
    expect(playerCommand(key('ArrowRight'), 'group')).toBeNull()
    expect(playerCommand(key('2'), 'group')).toEqual({ kind: 'signal', at: 1 })
    expect(playerCommand(key('l'), 'field')).toBeNull()
    expect(playerCommand(key('Escape'), 'field')).toEqual({ kind: 'leave' })
  })

  it('leave accelerators to the menu', () => {
    for (const name of ['l', 'm', '0', '+', 'p'])
      expect(playerCommand(key(name, { ctrlKey: true }), 'surface')).toBeNull()
    expect(playerCommand(key('?'), 'surface')).toBeNull()
    expect(playerCommand(key('L', { shiftKey: true }), 'surface')).toEqual({ kind: 'loop' })
  })
})
