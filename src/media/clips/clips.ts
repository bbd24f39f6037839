import { decodePieces } from '../../audio/io/ffmpeg/shortReads'
import type { HeardPieces } from './firstLook'
import { AppError } from '../../shared/errors/appError'
import type { ClipFacts, MediaEvent, MediaRequest, MediaValue } from '../protocol'
import { Clip } from './clip'
import { ClipCache } from './clipCache'
import { loudnessOf } from './clipLoudness'
import { peaksOf } from './clipPeaks'
import { ClipTiles } from './clipTiles'
import { openClipFiles } from './openClip'
import { readInterleaved } from './readInterleaved'
import { SharedFiles } from './sharedFiles'

type Request<T extends MediaRequest['type']> = Extract<MediaRequest, { type: T }>

interface OpenClip {
  readonly clip: Clip
  readonly tiles: ClipTiles
}

/** The clips that are open, by the ids that main gave them. */
export class Clips {
  private readonly clips = new Map<number, OpenClip>()
  private readonly caches = new Map<string, ClipCache>()
  private readonly closing = new Set<Promise<void>>()
  private readonly shared = new SharedFiles()

  constructor(
    private readonly ffmpegPath: () => Promise<string | null>,
    private readonly send: (event: MediaEvent) => void
  ) {}

  /** Opens a clip; what is then read of it is told by `clipProgress`. Errors as `openSource`, and E_UNSUPPORTED for no pair. */
  async open(request: Request<'openClip'>, signal: AbortSignal): Promise<ClipFacts> {
    const { clipId } = request
    if (this.clips.has(clipId)) throw new AppError('E_INTERNAL', { detail: `clip ${clipId} was opened twice` })
    const cache = this.cacheAt(request.cacheFolder)
    cache.limitBytes = request.cacheLimitBytes
    let onLooked: () => void = () => undefined
    const afterFirstLook = new Promise<void>((resolve) => (onLooked = resolve))
    const options = { ffmpegPath: this.ffmpegPath, cache, shared: this.shared, afterFirstLook, signal }
    const opened = await openClipFiles(request, options)
    const clip = new Clip(opened, {
      cache,
      onLooked,
      decodePieces: (path, pieces, stop) => this.pieces(path, pieces, stop),
      tell: ({ fraction, readyFrames, error }) => {
        this.send({ type: 'clipProgress', clipId, fraction, readyFrames, error: error?.toPayload() ?? null })
      }
    })
    this.clips.set(clipId, { clip, tiles: new ClipTiles(clip) })
    return clip.facts
  }

  /** Closes a clip; one that is not open is no error: closing may meet an opening that failed. */
  close(clipId: number): void {
    const open = this.clips.get(clipId)
    if (open === undefined) return
    this.clips.delete(clipId)
    const closed = open.clip
      .close()
      .catch((thrown: unknown) => {
        console.error(`clip ${clipId} was not closed in order: ${String(thrown)}`)
      })
      .then(() => {
        this.closing.delete(closed)
      })
    this.closing.add(closed)
  }

  /** Closes all clips and waits until no child is left. */
  async closeAll(): Promise<void> {
    for (const clipId of [...this.clips.keys()]) this.close(clipId)
    await Promise.all([...this.closing])
  }

  read(request: Request<'readClip'>, signal: AbortSignal): Promise<MediaValue<'samples'>> {
    return readInterleaved(this.at(request.clipId).clip.files, request, signal)
  }

  peaks(request: Request<'peaks'>, signal: AbortSignal): Promise<MediaValue<'peaks'>> {
    return peaksOf(this.at(request.clipId).clip, request, signal)
  }

  tile(request: Request<'tile'>, signal: AbortSignal): Promise<MediaValue<'tile'>> {
    return this.at(request.clipId).tiles.tile(request, signal)
  }

  loudness(request: Request<'loudness'>, signal: AbortSignal): Promise<MediaValue<'loudness'>> {
    return loudnessOf(this.at(request.clipId).clip, request, signal)
  }

  private at(clipId: number): OpenClip {
    const open = this.clips.get(clipId)
    if (open === undefined) throw new AppError('E_CANCELLED', { detail: `clip ${clipId} is not open` })
    return open
  }

  private cacheAt(folder: string): ClipCache {
    const cache = this.caches.get(folder) ?? new ClipCache(folder)
    this.caches.set(folder, cache)
    return cache
  }

  private async pieces(path: string, pieces: HeardPieces, stop: AbortSignal): Promise<Float32Array[][]> {
    const ffmpegPath = await this.ffmpegPath()
    if (ffmpegPath === null) throw new AppError('E_NO_FFMPEG', { path })
    return decodePieces(path, pieces, { ffmpegPath, signal: stop, stream: pieces.stream })
  }
}
