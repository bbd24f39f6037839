import { basename } from 'node:path'
import { measureForeignSec } from '../../audio/io/ffmpeg/shortReads'
import { openRegularFile } from '../../audio/io/fileBytes'
import { parsePcmHeader } from '../../audio/io/openPcm'
import { openSource } from '../../audio/io/openSource'
import type { AudioSource } from '../../audio/io/types'
import { AppError } from '../../shared/errors/appError'
import { sourceKey } from './clipCache'
import type { ClipCache } from './clipCache'
import { DecodedFile, sourceChannelsOf } from './decodedFile'
import type { HeardFile } from './heardFile'
import { framesAt } from './pairedFile'
import type { KnownLength } from './pairedFile'
import { PcmFile } from './pcmFile'
import type { SharedFiles } from './sharedFiles'

export interface HeardOptions {
  /** Asked for only where it is needed. Throws E_NO_FFMPEG. */
  readonly ffmpegPath: () => Promise<string | null>
  readonly cache: ClipCache
  readonly shared: SharedFiles
  /** Of files with several tracks of sound, from 1; null: the default one. */
  readonly track: number | null
  /** The exact length where another file tells it. */
  readonly known: KnownLength | null
  readonly afterFirstLook: Promise<void>
  readonly signal: AbortSignal
}

/** The PCM file at `path`, or null where ffmpeg must read it. Throws as `openSource`. */
export async function openPcmFile(path: string, sourceChannels?: number): Promise<PcmFile | null> {
  const file = await openRegularFile(path)
  try {
    const layout = await parsePcmHeader(file)
    if (layout !== null && 'format' in layout) return new PcmFile(file, layout, sourceChannels)
  } catch (thrown) {
    await file.handle.close()
    throw thrown
  }
  await file.handle.close()
  return null
}

/** Opens a compressed file: its decoded copy where there is one, along with who decodes it, else the decoding begins. Throws as `openSource`. */
export async function openCompressed(path: string, options: HeardOptions): Promise<HeardFile> {
  const { cache, shared, signal, track } = options
  const key = await sourceKey(path, track)
  const running = shared.join(key, options.known)
  if (running !== null) return running
  const kept = await openKept(key, cache)
  if (kept !== null) return kept
  const ffmpegPath = await options.ffmpegPath()
  signal.throwIfAborted()
  const source = await openSource(path, { ffmpegPath, track })
  try {
    const { sampleRateHz } = source.format
    const { known } = options
    const frames = known ? framesAt(known, sampleRateHz) : await declaredFrames(path, { source, ffmpegPath, signal })
    signal.throwIfAborted()
    // Another may have begun meanwhile.
    const begun = shared.join(key, { frames, sampleRateHz })
    if (begun !== null) {
      await source.close()
      return begun
    }
    return shared.add(
      key,
      new DecodedFile({ path, key, source, frames, cache, afterFirstLook: options.afterFirstLook })
    )
  } catch (thrown) {
    await source.close()
    throw thrown
  }
}

interface Asked {
  readonly source: AudioSource
  readonly ffmpegPath: string | null
  readonly signal: AbortSignal
}

async function declaredFrames(path: string, { source, ffmpegPath, signal }: Asked): Promise<number> {
  const { declaredFrames: declared, sampleRateHz } = source.format
  if (declared !== null) return declared
  if (ffmpegPath === null) throw new AppError('E_NO_FFMPEG', { path })
  return Math.max(
    1,
    Math.round(
      (await measureForeignSec(path, { ffmpegPath, signal, stream: source.format.origin?.stream ?? 0 })) * sampleRateHz
    )
  )
}

/** A copy in the cache that is whole; one that is not (a crash of the machine) counts as none. */
async function openKept(key: string, cache: ClipCache): Promise<HeardFile | null> {
  const path = await cache.find(`${key}.`)
  if (path === null) return null
  try {
    const file = await openPcmFile(path, sourceChannelsOf(basename(path)) ?? 1)
    if (file !== null)
      return new KeptFile(file, () => {
        cache.release(path)
      })
  } catch (thrown) {
    console.error(`a decoded copy cannot be read: ${String(thrown)}`)
  }
  cache.release(path)
  return null
}

/** A decoded copy of an earlier time. */
class KeptFile implements HeardFile {
  readonly path: string
  readonly stream = 0
  readonly sampleRateHz: number
  readonly sourceChannels: number
  readonly channels: 1 | 2
  readonly frames: number
  readonly state: HeardFile['state']
  onProgress: (() => void) | null = null

  constructor(
    private readonly file: PcmFile,
    private readonly release: () => void
  ) {
    this.path = file.path
    this.sampleRateHz = file.sampleRateHz
    this.sourceChannels = file.sourceChannels
    this.channels = file.channels
    this.frames = file.frames
    this.state = file.state
  }

  read(startFrame: number, out: readonly Float32Array[], signal: AbortSignal): Promise<void> {
    return this.file.read(startFrame, out, signal)
  }

  async close(): Promise<void> {
    await this.file.close()
    this.release()
  }
}
