import { openSource } from './openSource'
import type { SourceOptions } from './openSource'
import type { AudioFormat, AudioSource } from './types'

/** {@link openSource}, heard as one channel where that is asked for: the mean of all. Errors as there. */
export async function openHeard(
  path: string,
  { ffmpegPath, track, asMono }: SourceOptions & { readonly asMono: boolean }
): Promise<AudioSource> {
  const source = await openSource(path, { ffmpegPath, track })
  return asMono && source.format.channels > 1 ? new MonoSource(source) : source
}

class MonoSource implements AudioSource {
  readonly format: AudioFormat

  constructor(private readonly source: AudioSource) {
    const { origin, ...format } = source.format
    const bitsPerSec = origin?.bitsPerSec == null ? null : origin.bitsPerSec / Math.min(2, format.channels)
    this.format = { ...format, channels: 1, channelMask: 0, ...(origin && { origin: { ...origin, bitsPerSec } }) }
  }

  get warnings(): AudioSource['warnings'] {
    return this.source.warnings
  }

  async read(maxFrames: number): Promise<Float32Array[] | null> {
    const planar = await this.source.read(maxFrames)
    if (planar === null) return null
    const mix = new Float32Array(planar[0]!.length)
    for (let i = 0; i < mix.length; i++) {
      let sum = 0
      for (const channel of planar) sum += channel[i]!
      mix[i] = sum / planar.length
    }
    return [mix]
  }

  close(): Promise<void> {
    return this.source.close()
  }
}
