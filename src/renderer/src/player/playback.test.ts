import { describe, expect, it } from 'vitest'
import { Feeder, planNext, AHEAD_SEC } from './feeder'
import { FrameQueue, type Loop, type Piece } from './frameQueue'
import { regionAround, withEdge } from './loopRegion'
import type { FromPlayback, ToPlayback } from './messages'
import { PlaybackCore } from './playbackCore'

/** Frame n of the original is n, of the clean signal n / 2: every sample says where it is from. */
function piece(startFrame: number, frames: number, stride = 2): Piece {
  const samples = new Float32Array(frames * stride)
  for (let i = 0; i < frames; i++) {
    samples[i * stride] = startFrame + i
    if (stride > 1) samples[i * stride + 1] = (startFrame + i) / 2
  }
  return { startFrame, frames, samples }
}
const RATE_HZ = 16_000
const core = (): PlaybackCore =>
  new PlaybackCore({ channels: 1, hasClean: true, rateHz: RATE_HZ, contextRateHz: RATE_HZ })
/** Past the fade that every start has. */
const FADE = 64

function render(of: PlaybackCore, frames: number): Float32Array {
  const block = new Float32Array(frames)
  of.render([block], 0)
  return block
}

describe('the queue of frames', () => {
  const drain = (queue: FrameQueue): number[] => {
    const heard: number[] = []
    for (let head = queue.headFrame; head !== null; head = queue.headFrame) {
      heard.push(queue.samples![queue.base]!)
      expect(queue.samples![queue.base]).toBe(head)
      queue.drop()
    }
    expect(queue.queuedFrames).toBe(0)
    return heard
  }

  it('gives every frame once and in order over the seams of pieces (a click each second)', () => {
    const queue = new FrameQueue(2)
    for (const at of [10, 14, 18]) queue.push(piece(at, 4))
    expect(queue.queuedFrames).toBe(12)
    expect(drain(queue)).toEqual(Array.from({ length: 12 }, (_, i) => 10 + i))
  })

  it('cuts at a new loop’s end and says what comes then (a loop that begins eight seconds late)', () => {
    const queue = new FrameQueue(2)
    queue.push(piece(10, 10))
    queue.push(piece(20, 10))
    queue.drop()
    expect(queue.relink({ fromFrame: 5, toFrame: 15 }, 11)).toBe(5)
    expect(queue.queuedFrames).toBe(4)
    expect(drain(queue)).toEqual([11, 12, 13, 14])
  })

  it('keeps the rounds of a loop that stays, and drops those of one that is gone', () => {
    const filled = (): FrameQueue => {
      const queue = new FrameQueue(2)
      for (const at of [12, 10, 10]) queue.push(piece(at, at === 12 ? 2 : 4))
      return queue
    }
    const same = filled()
    expect(same.relink({ fromFrame: 10, toFrame: 14 }, 12)).toBe(10)
    expect(drain(same)).toEqual([12, 13, 10, 11, 12, 13, 10, 11, 12, 13])
    const gone = filled()
    expect(gone.relink(null, 12)).toBe(14)
    expect(drain(gone)).toEqual([12, 13])
  })

  it('has nothing to keep where the first piece is another’s', () => {
    const queue = new FrameQueue(2)
    queue.push(piece(100, 5))
    queue.drop()
    expect(queue.relink(null, 7)).toBe(7)
    expect(queue.queuedFrames).toBe(0)
    queue.push(piece(7, 3))
    expect(drain(queue)).toEqual([7, 8, 9])
  })
})

describe('the audio thread', () => {
  const started = (frames = 4000, from = 0): PlaybackCore => {
    const made = core()
    made.take({ kind: 'seek', epoch: 1, frame: from, loop: null }, 0)
    made.take({ kind: 'mix', signal: 'original', gain: 1 }, 0)
    made.take({ kind: 'piece', epoch: 1, piece: piece(from, frames) }, 0)
    made.take({ kind: 'play' }, 0)
    return made
  }

  it('plays the samples themselves', () => {
    const block = render(started(), 256)
    expect([...block.subarray(FADE + 1)]).toEqual(Array.from({ length: 255 - FADE }, (_, i) => i + FADE + 1))
  })

  it('switches at the very sample, over a ramp of 8 ms in which the level does not jump', () => {
    const playing = started()
    render(playing, 256)
    playing.take({ kind: 'mix', signal: 'clean', gain: 1 }, 0)
    const ramp = render(playing, 128)
    for (let i = 0; i < 128; i++) {
      const share = (i + 1) / 128
      expect(ramp[i]).toBeCloseTo((256 + i) * (1 - share / 2), 2)
    }
    expect(render(playing, 4)[0]).toBeCloseTo(384 / 2, 3)
    playing.take({ kind: 'mix', signal: 'removed', gain: 2 }, 0)
    render(playing, 128)
    // Original less clean, twice: n - n/2, doubled.
    expect(render(playing, 4)[0]).toBeCloseTo(516, 2)
  })

  it('is silent when it runs dry, keeps its place, and goes on from there (a second lost at every hiccup)', () => {
    const dry = started(300)
    const told = [new Float32Array(256), new Float32Array(256)].map((block) => dry.render([block], 0))
    expect(told[1]).toMatchObject({ isStarved: true, isPlaying: true, positionFrame: 300 })
    const silent = render(dry, 512)
    expect(Math.abs(silent[511]!)).toBeLessThan(1e-3)
    dry.take({ kind: 'piece', epoch: 1, piece: piece(300, 500) }, 0)
    const on = render(dry, 128)
    expect(on[127]).toBeCloseTo(427, 0)
  })

  it('stops at the end of the file, and says so once all was heard', () => {
    const made = started(100)
    made.take({ kind: 'end', epoch: 1 }, 0)
    const told = made.render([new Float32Array(256)], 0)
    expect(told).toMatchObject({ isEnded: true, isPlaying: false, isStarved: false, positionFrame: 100 })
  })

  it('drops pieces of before a jump (an echo of the place that was left)', () => {
    const made = started(400)
    render(made, 128)
    made.take({ kind: 'seek', epoch: 2, frame: 9000, loop: null }, 0)
    made.take({ kind: 'piece', epoch: 1, piece: piece(400, 400) }, 0)
    expect(render(made, 128)[127]).toBeLessThan(1)
    made.take({ kind: 'piece', epoch: 2, piece: piece(9000, 400) }, 0)
    expect(render(made, 128)[127]).toBe(9127)
  })

  it('stands still in a pause, at the frame it says', () => {
    const made = started()
    render(made, 200)
    expect(made.take({ kind: 'pause' }, 0)).toMatchObject({ positionFrame: 200, isPlaying: false })
    render(made, 500)
    expect(made.take({ kind: 'pause' }, 0)).toMatchObject({ positionFrame: 200 })
  })

  it('begins a loop anew where its end was passed while the message was on its way', () => {
    const made = started()
    render(made, 1000)
    const loop: Loop = { fromFrame: 100, toFrame: 900 }
    expect(made.take({ kind: 'loop', epoch: 2, loop }, 0)).toEqual({
      kind: 'tail',
      epoch: 2,
      nextFrame: 100,
      queuedFrames: 0
    })
  })

  it('plays at the right speed where the context has another rate', () => {
    const other = new PlaybackCore({ channels: 1, hasClean: false, rateHz: 8000, contextRateHz: 48_000 })
    other.take({ kind: 'seek', epoch: 1, frame: 0, loop: null }, 0)
    other.take({ kind: 'piece', epoch: 1, piece: piece(0, 8000, 1) }, 0)
    other.take({ kind: 'play' }, 0)
    for (let i = 0; i < 10; i++) other.render([new Float32Array(480)], 0)
    const told = other.take({ kind: 'pause' }, 0)
    expect(told).toMatchObject({ kind: 'state' })
    expect(Math.abs((told as Extract<FromPlayback, { kind: 'state' }>).positionFrame - 800)).toBeLessThanOrEqual(1)
  })
})

describe('what is read next', () => {
  const file = { frames: 1000, readyFrames: 1000, loop: null, mostFrames: 300 }

  it('ends with the file, waits for what is not decoded, and reads no frame past either', () => {
    expect(planNext(0, file)).toEqual({ kind: 'read', startFrame: 0, frames: 300 })
    expect(planNext(900, file)).toEqual({ kind: 'read', startFrame: 900, frames: 100 })
    expect(planNext(1000, file)).toEqual({ kind: 'end' })
    expect(planNext(500, { ...file, readyFrames: 600 })).toEqual({ kind: 'read', startFrame: 500, frames: 100 })
    expect(planNext(600, { ...file, readyFrames: 600 })).toEqual({ kind: 'wait' })
  })

  it('turns at the loop’s end, also where that is the file’s', () => {
    const loop = { fromFrame: 800, toFrame: 1000 }
    expect(planNext(900, { ...file, loop })).toEqual({ kind: 'read', startFrame: 900, frames: 100 })
    expect(planNext(1000, { ...file, loop })).toEqual({ kind: 'read', startFrame: 800, frames: 200 })
    // Before the loop: into it.
    expect(planNext(700, { ...file, loop })).toEqual({ kind: 'read', startFrame: 700, frames: 300 })
  })
})

describe('the feeder with the audio thread', () => {
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

  function rig(frames: number): {
    readonly feeder: Feeder
    readonly sound: PlaybackCore
    readonly asked: number[]
    readonly errors: unknown[]
    readonly play: (blocks: number) => Promise<number[]>
    fail: boolean
  } {
    const sound = core()
    const asked: number[] = []
    const errors: unknown[] = []
    const made = { fail: false }
    const feeder = new Feeder({
      frames,
      rateHz: RATE_HZ,
      read: async (startFrame, count) => {
        asked.push(startFrame)
        if (made.fail) throw new Error('gone')
        return piece(startFrame, count).samples
      },
      send: (message: ToPlayback) => sound.take(message, 0),
      onError: (thrown) => errors.push(thrown)
    })
    feeder.setReady(frames)
    const play = async (blocks: number): Promise<number[]> => {
      const heard: number[] = []
      for (let i = 0; i < blocks; i++) {
        const block = new Float32Array(320)
        const told = sound.render([block], 0)
        if (told?.kind === 'state') feeder.heard(told.epoch, told.heardFrames)
        heard.push(...block)
        await settle()
      }
      return heard
    }
    return Object.assign(made, { feeder, sound, asked, errors, play })
  }

  it('keeps some seconds ahead and no more, whatever the length of the file', async () => {
    const { feeder, sound, asked } = rig(3600 * RATE_HZ)
    sound.take({ kind: 'seek', epoch: 1, frame: 0, loop: null }, 0)
    feeder.restart(1, 0, null)
    for (let i = 0; i < 50; i++) await settle()
    const last = asked.at(-1)! + RATE_HZ
    expect(last).toBeGreaterThanOrEqual(AHEAD_SEC * RATE_HZ)
    expect(last).toBeLessThan((AHEAD_SEC + 2) * RATE_HZ)
  })

  it('loops without a gap and without a frame twice, with a loop that is set while it plays', async () => {
    const { feeder, sound, play } = rig(60 * RATE_HZ)
    sound.take({ kind: 'seek', epoch: 1, frame: 0, loop: null }, 0)
    sound.take({ kind: 'mix', signal: 'original', gain: 1 }, 0)
    feeder.restart(1, 0, null)
    await settle()
    await settle()
    sound.take({ kind: 'play' }, 0)
    await play(10)
    const loop = { fromFrame: 2000, toFrame: 6001 }
    feeder.hold(2, loop)
    const tail = sound.take({ kind: 'loop', epoch: 2, loop }, 0) as Extract<FromPlayback, { kind: 'tail' }>
    feeder.goOn(2, tail.nextFrame, tail.queuedFrames)
    await settle()
    const heard = await play(80)
    let next = 3200
    for (const [at, sample] of heard.entries()) {
      if (sample !== next) throw new Error(`sample ${at} is ${sample}, not ${next}`)
      next = next + 1 === loop.toFrame ? loop.fromFrame : next + 1
    }
    expect(heard.length).toBe(25_600)
  })

  it('waits for what is being decoded, and goes on when it is there', async () => {
    const { feeder, sound, asked } = rig(RATE_HZ)
    feeder.setReady(100)
    sound.take({ kind: 'seek', epoch: 1, frame: 0, loop: null }, 0)
    feeder.restart(1, 0, null)
    await settle()
    expect(asked).toEqual([0])
    feeder.setReady(RATE_HZ)
    await settle()
    expect(asked[1]).toBe(100)
  })

  it('tells what went wrong once, and tries again after a jump', async () => {
    const made = rig(10 * RATE_HZ)
    made.fail = true
    made.feeder.restart(1, 0, null)
    await settle()
    made.feeder.heard(1, 0)
    await settle()
    expect(made.errors).toHaveLength(1)
    made.fail = false
    made.feeder.restart(2, 5, null)
    await settle()
    expect(made.asked.at(-1)).toBeGreaterThanOrEqual(5)
    expect(made.errors).toHaveLength(1)
  })
})

describe('the region of a loop', () => {
  it('is two seconds to the frame, inside the clip (a loop that a spec measures)', () => {
    const clip = { frames: 20 * RATE_HZ, rateHz: RATE_HZ }
    for (const at of [0, 3, 100_001.6, clip.frames]) {
      const { fromFrame, toFrame } = regionAround(at, clip)
      expect(toFrame - fromFrame).toBe(2 * RATE_HZ)
      expect(Number.isInteger(fromFrame) && fromFrame >= 0 && toFrame <= clip.frames).toBe(true)
    }
    expect(regionAround(10, { frames: 900, rateHz: RATE_HZ })).toEqual({ fromFrame: 0, toFrame: 900 })
  })

  it('takes an edge at the playhead, and the clip’s end for an edge that is passed', () => {
    const region = { fromFrame: 100, toFrame: 200 }
    expect(withEdge(region, 'from', { frame: 150, frames: 900 })).toEqual({ fromFrame: 150, toFrame: 200 })
    expect(withEdge(region, 'from', { frame: 300, frames: 900 })).toEqual({ fromFrame: 300, toFrame: 900 })
    expect(withEdge(region, 'to', { frame: 50, frames: 900 })).toEqual({ fromFrame: 0, toFrame: 50 })
    expect(withEdge(null, 'to', { frame: 0, frames: 900 })).toBeNull()
  })
})
