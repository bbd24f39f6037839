import { AppError } from '../../shared/errors/appError'
import { openFfmpegSource } from './ffmpeg/ffmpegSource'
import { openRegularFile } from './fileBytes'
import type { OpenFile } from './fileBytes'
import type { ForeignPayload } from './pcmLayout'
import { parsePcmHeader } from './openPcm'
import { PcmSource } from './pcmSource'
import type { AudioSource } from './types'

export interface SourceOptions {
  readonly ffmpegPath: string | null
  readonly track?: number | null | undefined
}

/**
 * Opens an audio file for one read from its start, whatever its name says: PCM in WAV, RF64, RIFX, W64, AIFF and AIFC by
 * our own readers, anything else through an ffmpeg child. NaN and Inf samples of float files are read as 0.
 *
 * `track` counts for files with several tracks of sound, from 1; null and absent: the default one.
 *
 * Throws AppError with {path}: E_EMPTY, E_NO_AUDIO, E_NO_TRACK, E_UNSUPPORTED, E_CORRUPT, E_NO_FFMPEG, E_IO, E_READ_ONLY, E_TIMEOUT,
 * E_MEMORY; `read` may throw the same and E_SOURCE_CHANGED, E_TOO_LONG. What is cut short is read as far as it goes, with
 * W_TRUNCATED in `warnings` at the end.
 */
export async function openSource(path: string, options: SourceOptions): Promise<AudioSource> {
  const file = await openRegularFile(path)
  let keepOpen = false
  try {
    const header = await parsePcmHeader(file)
    if (header !== null && 'format' in header) {
      keepOpen = true
      return new PcmSource(file, header)
    }
    return await openForeign(file, header, options)
  } finally {
    if (!keepOpen) await file.handle.close()
  }
}

function openForeign(
  file: OpenFile,
  header: ForeignPayload | null,
  { ffmpegPath, track = null }: SourceOptions
): Promise<AudioSource> {
  const { path } = file
  if (ffmpegPath === null) throw new AppError('E_NO_FFMPEG', { path })
  return openFfmpegSource(file, { ffmpegPath, track, payloadTruncated: header?.payloadTruncated ?? false })
}
