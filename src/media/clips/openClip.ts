import { wavHeader } from '../../audio/io/wavHeader'
import { AppError } from '../../shared/errors/appError'
import type { ClipFacts } from '../protocol'
import { hashed, sourceKey } from './clipCache'
import type { ClipCache } from './clipCache'
import { ClipFiles } from './clipFiles'
import type { HeardFile } from './heardFile'
import { openCompressed, openPcmFile } from './openHeard'
import type { HeardOptions } from './openHeard'
import { MonoFile, RateFile } from './pairedFile'

export interface ClipPaths {
  readonly originalPath: string
  /** Of files with several tracks of sound, from 1; null: the default one. */
  readonly originalTrack: number | null
  readonly cleanPath: string | null
  readonly cleanTrack: number | null
  readonly window: { readonly startFrame: number; readonly frames: number } | null
}

export interface OpenedClip {
  readonly files: ClipFiles
  readonly facts: ClipFacts
  /** What its measures are kept under. */
  readonly key: string
}

/** Opens the files of a clip. Throws as `openSource`, and E_UNSUPPORTED for files that are no pair. */
export async function openClipFiles(
  paths: ClipPaths,
  options: Omit<HeardOptions, 'known' | 'track'> & { readonly cache: ClipCache }
): Promise<OpenedClip> {
  const open: HeardFile[] = []
  try {
    const clean = await openClean(paths, options)
    if (clean !== null) open.push(clean)
    const pcm = await openPcmFile(paths.originalPath)
    const heard = { ...options, known: clean, track: paths.originalTrack }
    const original = pcm ?? (await openCompressed(paths.originalPath, heard))
    open.push(original)
    options.signal.throwIfAborted()
    const files = filesOf(paths, original, clean)
    return { files, facts: factsOf(files), key: await keyOf(paths) }
  } catch (thrown) {
    await Promise.all(open.map((file) => file.close()))
    throw thrown
  }
}

async function openClean(
  { cleanPath: path, cleanTrack: track }: ClipPaths,
  options: Omit<HeardOptions, 'known' | 'track'>
): Promise<HeardFile | null> {
  if (path === null) return null
  return (await openPcmFile(path)) ?? openCompressed(path, { ...options, known: null, track })
}

function filesOf(paths: ClipPaths, original: HeardFile, clean: HeardFile | null): ClipFiles {
  const path = paths.cleanPath ?? paths.originalPath
  const pair = clean === null ? { original, clean } : alike(path, original, clean)
  const startFrame = paths.window?.startFrame ?? 0
  const left = original.frames - startFrame
  if (left <= 0) throw new AppError('E_BAD_REQUEST', { path, detail: 'the part begins after the end' })
  return new ClipFiles(pair.original, pair.clean, startFrame, Math.min(left, paths.window?.frames ?? left))
}

/** As they can be laid side by side: at the source's rate, in the result's channels where it was mixed to mono. */
function alike(
  path: string,
  original: HeardFile,
  clean: HeardFile
): { readonly original: HeardFile; readonly clean: HeardFile } {
  if (clean.channels > original.channels) {
    const detail = `the original has ${original.sourceChannels} channels, the result ${clean.sourceChannels}`
    throw new AppError('E_UNSUPPORTED', { path, detail })
  }
  return {
    original: original.channels === clean.channels ? original : new MonoFile(original),
    clean: original.sampleRateHz === clean.sampleRateHz ? clean : new RateFile(clean, original.sampleRateHz)
  }
}

function factsOf(files: ClipFiles): ClipFacts {
  const channels = files.channels * (files.isPair ? 2 : 1)
  const format = { container: 'wav', sampleFormat: 'f32', validBits: 32, channelMask: 0 } as const
  const header = wavHeader({ ...format, sampleRateHz: files.sampleRateHz, channels }, files.frames)
  return {
    sampleRateHz: files.sampleRateHz,
    frames: files.frames,
    channels: files.channels,
    sourceChannels: files.original.sourceChannels,
    header: new Uint8Array(header)
  }
}

async function keyOf({ originalPath, originalTrack, cleanPath, cleanTrack, window }: ClipPaths): Promise<string> {
  const part = window === null ? 'all' : `${window.startFrame}+${window.frames}`
  const clean = cleanPath === null ? 'none' : await sourceKey(cleanPath, cleanTrack)
  return hashed([await sourceKey(originalPath, originalTrack), clean, part].join('\n'))
}
