import { SIGNALS, type Signal } from '../../../shared/ipc/playerViews'
import { FrameQueue, wrapped, type Loop } from './frameQueue'
import type { FromPlayback, PlaybackOptions, PlaybackState, ToPlayback } from './messages'

/** Between two signals, and from one level to another: long enough not to click, too short to be heard as a fade. */
const SWITCH_SEC = 0.008
/** Into sound after a jump. */
const FADE_SEC = 0.004
/** How fast the last sample before a stop dies away. */
const DECAY_SEC = 0.001
const REPORT_SEC = 0.02

/** Every signal is a sum of the two that are stored: so many parts original, so many clean. */
const PARTS: Readonly<Record<Signal, readonly [number, number]>> = { original: [1, 0], clean: [0, 1], removed: [1, -1] }

/**
 * What the audio thread does, without its surroundings. All signals lie in one queue frame by frame, so that a switch is a change
 * of two factors and cannot be a sample off.
 */
export class PlaybackCore {
  readonly #options: PlaybackOptions
  readonly #queue: FrameQueue
  readonly #step: number
  #epoch = 0
  #loop: Loop | null = null
  #position = 0
  #heard = 0
  #playing = false
  #starved = false
  #ended = false
  #complete = false
  #parts: [number, number] = [1, 0]
  #goal: readonly [number, number] = [1, 0]
  #rampLeft = 0
  #fade = 0
  #phase = 0
  #sinceReport = 0
  readonly #before: Float32Array
  readonly #frame: Float32Array
  /** What is left of the last sample before a stop. */
  readonly #rest: Float32Array
  readonly #last: Float32Array

  constructor(options: PlaybackOptions) {
    this.#options = options
    this.#queue = new FrameQueue(options.channels * (options.hasClean ? 2 : 1))
    this.#step = options.rateHz / options.contextRateHz
    this.#before = new Float32Array(options.channels)
    this.#frame = new Float32Array(options.channels)
    this.#rest = new Float32Array(options.channels)
    this.#last = new Float32Array(options.channels)
  }

  /** Takes a message; gives what is to be told at once, or null. */
  take(message: ToPlayback, contextFrame: number): FromPlayback | null {
    switch (message.kind) {
      case 'play':
        if (!this.#playing) this.#fade = 0
        this.#ended = false
        this.#playing = true
        return this.#state(contextFrame)
      case 'pause':
        this.#playing = false
        this.#starved = false
        this.#stopSound()
        return this.#state(contextFrame)
      case 'seek':
        this.#seek(message)
        return this.#state(contextFrame)
      case 'loop':
        return this.#reloop(message)
      case 'mix':
        this.#mix(message.signal, message.gain)
        return null
      case 'piece':
        if (message.epoch === this.#epoch) this.#queue.push(message.piece)
        return null
      case 'end':
        if (message.epoch === this.#epoch) this.#complete = true
        return null
    }
  }

  /** Fills the next block, one array for each channel; gives what is to be told, or null. */
  render(output: readonly Float32Array[], contextFrame: number): FromPlayback | null {
    const length = output[0]?.length ?? 0
    const before = `${this.#playing} ${this.#starved}`
    for (let i = 0; i < length; i++) {
      const sounds = this.#playing && this.#advance()
      if (sounds) this.#fade = Math.min(1, this.#fade + 1 / (FADE_SEC * this.#options.contextRateHz))
      this.#write(output, i, sounds)
    }
    this.#sinceReport += length
    const isDue = this.#playing && this.#sinceReport >= REPORT_SEC * this.#options.contextRateHz
    return isDue || before !== `${this.#playing} ${this.#starved}` ? this.#state(contextFrame + length) : null
  }

  #write(output: readonly Float32Array[], at: number, sounds: boolean): void {
    const decay = 1 - Math.min(0.5, 1 / (DECAY_SEC * this.#options.contextRateHz))
    for (const [channel, samples] of output.entries()) {
      const from = this.#before[channel] ?? 0
      const to = this.#frame[channel] ?? 0
      const value = sounds ? (this.#step === 1 ? to : from + (to - from) * this.#phase) * this.#fade : 0
      samples[at] = value + (this.#rest[channel] ?? 0)
      this.#last[channel] = samples[at]!
      this.#rest[channel] = (this.#rest[channel] ?? 0) * decay
    }
  }

  /** One frame of the context further; false where there is nothing to be heard. */
  #advance(): boolean {
    this.#phase += this.#step
    while (this.#phase >= 1) {
      if (!this.#pull()) {
        this.#phase -= this.#step
        return false
      }
      this.#phase -= 1
    }
    return true
  }

  #pull(): boolean {
    const { samples } = this.#queue
    if (samples === null) {
      this.#runDry()
      return false
    }
    this.#starved = false
    this.#ramp()
    const { base } = this.#queue
    const { channels, hasClean } = this.#options
    for (let channel = 0; channel < channels; channel++) {
      this.#before[channel] = this.#frame[channel]!
      const clean = hasClean ? samples[base + channels + channel]! : 0
      this.#frame[channel] = this.#parts[0] * samples[base + channel]! + this.#parts[1] * clean
    }
    this.#position = this.#queue.headFrame! + 1
    this.#queue.drop()
    this.#heard++
    return true
  }

  #runDry(): void {
    if (this.#complete) {
      this.#playing = false
      this.#ended = true
    } else if (!this.#starved) {
      this.#starved = true
    } else return
    this.#stopSound()
  }

  #ramp(): void {
    if (this.#rampLeft === 0) return
    for (const at of [0, 1] as const) this.#parts[at] += (this.#goal[at] - this.#parts[at]) / this.#rampLeft
    this.#rampLeft--
  }

  #mix(signal: Signal, gain: number): void {
    if (!SIGNALS.includes(signal)) return
    const [original, clean] = PARTS[signal]
    this.#goal = [original * gain, clean * gain]
    if (this.#playing && !this.#starved) this.#rampLeft = Math.max(1, Math.round(SWITCH_SEC * this.#options.rateHz))
    else {
      this.#parts = [...this.#goal]
      this.#rampLeft = 0
    }
  }

  #seek({ epoch, frame, loop }: Extract<ToPlayback, { kind: 'seek' }>): void {
    this.#epoch = epoch
    this.#loop = loop
    this.#queue.clear()
    this.#position = frame
    this.#heard = 0
    this.#complete = false
    this.#ended = false
    this.#starved = false
    this.#stopSound()
  }

  #reloop({ epoch, loop }: Extract<ToPlayback, { kind: 'loop' }>): FromPlayback {
    // The end of the loop may have been passed while the message was on its way.
    if (loop && this.#position > loop.toFrame) this.#seek({ kind: 'seek', epoch, frame: loop.fromFrame, loop })
    this.#epoch = epoch
    this.#loop = loop
    this.#complete = false
    this.#heard = 0
    const nextFrame = this.#queue.relink(loop, this.#next())
    return { kind: 'tail', epoch, nextFrame, queuedFrames: this.#queue.queuedFrames }
  }

  /** The sound ends here, and dies away within a millisecond; the next begins with a fade. */
  #stopSound(): void {
    this.#rest.set(this.#last)
    this.#fade = 0
  }

  #next(): number {
    return this.#queue.headFrame ?? wrapped(this.#position, this.#loop)
  }

  #state(contextFrame: number): PlaybackState {
    this.#sinceReport = 0
    return {
      kind: 'state',
      epoch: this.#epoch,
      positionFrame: this.#next(),
      contextFrame,
      isPlaying: this.#playing,
      isStarved: this.#starved,
      isEnded: this.#ended,
      heardFrames: this.#heard
    }
  }
}
