import { decodePiece, decodePieces, measureForeignSec } from '../../audio/io/ffmpeg/shortReads'
import { probeForeign } from '../../audio/io/ffmpeg/ffmpegSource'
import { openRegularFile } from '../../audio/io/fileBytes'
import { parsePcmHeader } from '../../audio/io/openPcm'
import { AppError } from '../../shared/errors/appError'
import { PcmFrames } from '../clips/pcmFrames'

/** Gets one piece after the other. */
export type TakePiece = (planar: readonly Float32Array[]) => void | Promise<void>

/** Any part of a file with all its channels; of a compressed one as its container's marks allow. */
export interface ExcerptSource {
  readonly sampleRateHz: number
  readonly channels: number
  readonly channelMask: number
  readonly frames: number
  /** Several pieces of `frames` frames, [places][channels][frames], by one child of ffmpeg; null for PCM, which needs none. */
  readonly readPieces: ((startFrames: readonly number[], frames: number) => Promise<Float32Array[][]>) | null
  /** Up to `frames` frames, fewer at the end, [channels][frames], in pieces that are valid until `take` has settled. */
  read(startFrame: number, frames: number, take: TakePiece): Promise<void>
  close(): Promise<void>
}

export interface ExcerptTools {
  readonly ffmpegPath: () => Promise<string | null>
  readonly signal: AbortSignal
  /** Of files with several tracks of sound, from 1; null: the default one. */
  readonly track: number | null
}

/** Throws as `openSource`. */
export async function openExcerptSource(path: string, tools: ExcerptTools): Promise<ExcerptSource> {
  const file = await openRegularFile(path)
  try {
    const layout = await parsePcmHeader(file)
    if (layout !== null && 'format' in layout) {
      const { sampleRateHz, channels, channelMask } = layout.format
      const pcm = new PcmFrames(file, layout)
      const whole = layout.dataBytes / (layout.sampleBytes * channels)
      return {
        sampleRateHz,
        channels,
        channelMask,
        frames: whole,
        readPieces: null,
        read: (startFrame, frames, take) =>
          pcm.read(startFrame, Math.max(0, Math.min(frames, whole - startFrame)), (planar, _at, count) => {
            tools.signal.throwIfAborted()
            return take(planar.map((channel) => channel.subarray(0, count)))
          }),
        close: () => file.handle.close()
      }
    }
  } catch (thrown) {
    await file.handle.close()
    throw thrown
  }
  await file.handle.close()
  return openForeign(path, tools)
}

async function openForeign(path: string, { ffmpegPath, signal, track }: ExcerptTools): Promise<ExcerptSource> {
  const program = await ffmpegPath()
  if (program === null) throw new AppError('E_NO_FFMPEG', { path })
  const probed = await probeForeign(path, { ffmpegPath: program, signal, track })
  const { sampleRateHz, channels, declaredSec, stream } = probed
  const options = { ffmpegPath: program, signal, stream }
  const lengthSec = declaredSec ?? (await measureForeignSec(path, options))
  return {
    sampleRateHz,
    channels,
    channelMask: 0,
    frames: Math.max(1, Math.floor(lengthSec * sampleRateHz)),
    readPieces: (startFrames, frames) => {
      const startsSec = startFrames.map((frame) => frame / sampleRateHz)
      const pieces = { startsSec, lengthSec: frames / sampleRateHz, sampleRateHz, channels }
      return decodePieces(path, pieces, options)
    },
    read: async (startFrame, frames, take) => {
      const piece = { startSec: startFrame / sampleRateHz, lengthSec: frames / sampleRateHz, sampleRateHz, channels }
      const planar = await decodePiece(path, piece, options)
      if (planar[0]!.length > 0) await take(planar.map((channel) => channel.subarray(0, frames)))
    },
    close: () => Promise.resolve()
  }
}
