import { fileError } from '../../audio/io/fileBytes'
import type { OpenFile } from '../../audio/io/fileBytes'
import type { PcmLayout } from '../../audio/io/pcmLayout'
import { hear, heardChannels } from './heardFile'
import type { HeardFile, ReadState } from './heardFile'
import { PcmFrames } from './pcmFrames'

/** A PCM file: all of it is there at once. */
export class PcmFile implements HeardFile {
  readonly path: string
  readonly stream = 0
  readonly sampleRateHz: number
  readonly channels: 1 | 2
  readonly frames: number
  readonly state: ReadState
  onProgress: (() => void) | null = null
  private readonly pcm: PcmFrames

  /** `sourceChannels` differ from the file's own where it is the decoded copy of another. */
  constructor(
    private readonly file: OpenFile,
    layout: PcmLayout,
    readonly sourceChannels: number = layout.format.channels
  ) {
    this.path = file.path
    this.pcm = new PcmFrames(file, layout)
    this.sampleRateHz = layout.format.sampleRateHz
    this.channels = heardChannels(layout.format.channels)
    this.frames = layout.dataBytes / (layout.sampleBytes * layout.format.channels)
    this.state = { readyFrames: this.frames, isWhole: true, failure: null }
  }

  async read(startFrame: number, out: readonly Float32Array[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const asked = out[0]!.length
    const there = Math.max(0, Math.min(asked, this.frames - startFrame))
    if (there > 0) {
      await this.pcm.read(startFrame, there, (planar, at, count) => {
        signal.throwIfAborted()
        hear(planar, count, out, at)
      })
    }
    for (const channel of out) channel.fill(0, there)
  }

  async close(): Promise<void> {
    try {
      await this.file.handle.close()
    } catch (thrown) {
      throw fileError(thrown, this.path)
    }
  }
}
