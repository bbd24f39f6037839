import type { PlayerClip, Signal } from '../../../shared/ipc/playerViews'
import { Feeder } from './feeder'
import type { Loop } from './frameQueue'
import { PROCESSOR, type FromPlayback, type PlaybackOptions, type PlaybackState, type ToPlayback } from './messages'
import workletUrl from './playback.worklet.ts?worker&url'
import { readFrames } from './readFrames'

/** A context that has been quiet for so long lets the sound card go. */
const SLEEP_MS = 5000
const VOLUME_SEC = 0.01
const TOUCHES = ['pointerdown', 'keydown'] as const

export interface GraphEvents {
  readonly onState: (state: PlaybackState) => void
  readonly onError: (thrown: unknown) => void
}

/** One clip's way to the speakers: range requests, one queue in the audio thread, a volume, and out. */
export class ListenGraph {
  readonly #context: AudioContext
  readonly #node: AudioWorkletNode
  readonly #volume: GainNode
  readonly #feeder: Feeder
  readonly #events: GraphEvents
  readonly #clip: PlayerClip
  #epoch = 0
  #loop: Loop | null = null
  #state: PlaybackState | null = null
  #sleep: ReturnType<typeof setTimeout> | null = null
  #wanted = false

  static async open(clip: PlayerClip, events: GraphEvents): Promise<ListenGraph> {
    const context = contextFor(clip.sampleRateHz)
    try {
      await context.audioWorklet.addModule(workletUrl)
      return new ListenGraph(context, clip, events)
    } catch (thrown) {
      await context.close()
      throw thrown
    }
  }

  private constructor(context: AudioContext, clip: PlayerClip, events: GraphEvents) {
    this.#context = context
    this.#clip = clip
    this.#events = events
    this.#node = nodeFor(context, clip)
    this.#volume = new GainNode(context)
    this.#node.connect(this.#volume).connect(context.destination)
    this.#node.port.onmessage = ({ data }: MessageEvent<FromPlayback>) => {
      this.#hear(data)
    }
    this.#feeder = new Feeder({
      frames: clip.frames,
      rateHz: clip.sampleRateHz,
      read: (startFrame, frames, signal) => readFrames(clip, startFrame, { frames, signal }),
      send: (message, transfer) => {
        this.#post(message, transfer)
      },
      onError: events.onError
    })
    this.#feeder.setReady(clip.progress.readyFrames)
    for (const touch of TOUCHES) window.addEventListener(touch, this.#awaken, true)
    this.seek(0)
    this.#sleepSoon()
  }

  /** A browser that holds the sound back lets it go at a person's touch. */
  readonly #awaken = (): void => {
    if (this.isBlocked) void this.#context.resume().catch(this.#events.onError)
  }

  play(): void {
    this.#wanted = true
    this.#stayAwake()
    void this.#context.resume().catch(this.#events.onError)
    this.#post({ kind: 'play' })
  }

  pause(): void {
    this.#wanted = false
    this.#post({ kind: 'pause' })
    this.#sleepSoon()
  }

  /** Whether sound is wanted and the browser holds it back until a person touches the window. */
  get isBlocked(): boolean {
    return this.#wanted && this.#context.state === 'suspended'
  }

  seek(frame: number): void {
    this.#epoch++
    this.#post({ kind: 'seek', epoch: this.#epoch, frame, loop: this.#loop })
    this.#feeder.restart(this.#epoch, frame, this.#loop)
  }

  setLoop(loop: Loop | null): void {
    this.#epoch++
    this.#loop = loop
    this.#feeder.hold(this.#epoch, loop)
    this.#post({ kind: 'loop', epoch: this.#epoch, loop })
  }

  setMix(signal: Signal, gain: number): void {
    this.#post({ kind: 'mix', signal, gain })
  }

  setVolume(volume: number): void {
    const { gain } = this.#volume
    if (this.#wanted) gain.setTargetAtTime(volume, this.#context.currentTime, VOLUME_SEC)
    else gain.value = volume
  }

  setReady(frames: number): void {
    this.#feeder.setReady(frames)
  }

  /** Where the playhead is at this moment, between two reports of the audio thread too. */
  positionNow(): number | null {
    const state = this.#state
    if (state?.epoch !== this.#epoch) return null
    if (!state.isPlaying || state.isStarved) return state.positionFrame
    const sinceSec = this.#context.currentTime - state.contextFrame / this.#context.sampleRate
    // A report is never older than this, save where the thread hangs: then the playhead stands.
    const ahead = Math.min(Math.max(0, sinceSec), 0.1) * this.#clip.sampleRateHz
    return around(state.positionFrame + ahead, this.#loop)
  }

  async close(): Promise<void> {
    this.#stayAwake()
    for (const touch of TOUCHES) window.removeEventListener(touch, this.#awaken, true)
    this.#feeder.close()
    this.#node.port.onmessage = null
    this.#node.disconnect()
    this.#volume.disconnect()
    await this.#context.close()
  }

  #hear(message: FromPlayback): void {
    if (message.epoch !== this.#epoch) return
    if (message.kind === 'tail') {
      this.#feeder.goOn(message.epoch, message.nextFrame, message.queuedFrames)
      return
    }
    this.#state = message
    this.#feeder.heard(message.epoch, message.heardFrames)
    if (message.isEnded) {
      this.#wanted = false
      this.#sleepSoon()
    }
    this.#events.onState(message)
  }

  #post(message: ToPlayback, transfer: Transferable[] = []): void {
    this.#node.port.postMessage(message, transfer)
  }

  #stayAwake(): void {
    if (this.#sleep !== null) clearTimeout(this.#sleep)
    this.#sleep = null
  }

  #sleepSoon(): void {
    this.#stayAwake()
    this.#sleep = setTimeout(() => {
      if (!this.#wanted && this.#context.state === 'running') void this.#context.suspend()
    }, SLEEP_MS)
  }
}

function around(frame: number, loop: Loop | null): number {
  if (!loop || frame < loop.toFrame || frame > loop.toFrame + (loop.toFrame - loop.fromFrame)) return frame
  return frame - (loop.toFrame - loop.fromFrame)
}

/** A context at the clip's own rate, so that nothing is resampled; at the machine's where it refuses that. */
function contextFor(sampleRateHz: number): AudioContext {
  try {
    return new AudioContext({ sampleRate: sampleRateHz, latencyHint: 'interactive' })
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'NotSupportedError') return new AudioContext()
    throw thrown
  }
}

function nodeFor(context: AudioContext, clip: PlayerClip): AudioWorkletNode {
  const processorOptions: PlaybackOptions = {
    channels: clip.channels,
    hasClean: clip.signals.includes('clean'),
    rateHz: clip.sampleRateHz,
    contextRateHz: context.sampleRate
  }
  return new AudioWorkletNode(context, PROCESSOR, {
    numberOfInputs: 0,
    outputChannelCount: [clip.channels],
    processorOptions
  })
}
