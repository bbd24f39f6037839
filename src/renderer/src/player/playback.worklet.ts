import { PROCESSOR, type FromPlayback, type PlaybackOptions, type ToPlayback } from './messages'
import { PlaybackCore } from './playbackCore'

/** The scope of an audio worklet, which the DOM's types leave out. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare const currentFrame: number
declare function registerProcessor(
  name: string,
  processor: new (options: { readonly processorOptions: PlaybackOptions }) => AudioWorkletProcessor
): void

class PlaybackProcessor extends AudioWorkletProcessor {
  readonly #core: PlaybackCore

  constructor({ processorOptions }: { readonly processorOptions: PlaybackOptions }) {
    super()
    this.#core = new PlaybackCore(processorOptions)
    this.port.onmessage = ({ data }: MessageEvent<ToPlayback>) => {
      this.#tell(this.#core.take(data, currentFrame))
    }
  }

  process(_inputs: unknown, outputs: readonly Float32Array[][]): boolean {
    this.#tell(this.#core.render(outputs[0] ?? [], currentFrame))
    return true
  }

  #tell(message: FromPlayback | null): void {
    if (message) this.port.postMessage(message)
  }
}

registerProcessor(PROCESSOR, PlaybackProcessor)
