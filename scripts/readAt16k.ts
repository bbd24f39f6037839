import { concat } from '../src/audio/dsp/concat'
import { Resampler } from '../src/audio/dsp/resampler'
import { openSource } from '../src/audio/io/openSource'
import type { AudioFormat } from '../src/audio/io/types'

export const RATE_HZ = 16000

/** All samples of a PCM file's first channel at 16 kHz. `check` may refuse the format by throwing. */
export async function readAt16k(
  path: string,
  check: (format: AudioFormat) => void = () => undefined
): Promise<Float32Array> {
  const source = await openSource(path, { ffmpegPath: null })
  try {
    check(source.format)
    const resampler = new Resampler({ fromHz: source.format.sampleRateHz, toHz: RATE_HZ })
    const pieces: Float32Array[] = []
    for (let block = await source.read(65536); block !== null; block = await source.read(65536)) {
      pieces.push(resampler.push(block[0]!))
    }
    pieces.push(resampler.finish())
    return concat(pieces)
  } finally {
    await source.close()
  }
}
