import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll } from 'vitest'
import { AppError } from '../../../shared/errors/appError'
import type { WarningCode } from '../../../shared/errors/appError'
import { findFfmpeg } from '../ffmpeg/findFfmpeg'
import { openSource } from '../openSource'
import type { AudioFormat, AudioSource } from '../types'

/** A folder for one test file, removed after it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stillwave-io-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The shared test data beside the repository, or null (said once) where it is absent. */
export function sharedFolder(name: string): string | null {
  const folder = resolve(process.cwd(), '..', 'shared', name)
  if (existsSync(folder)) return folder
  console.info(`skipped: ${name} is not beside the repository`)
  return null
}

/** ffmpeg, or null (said once) where there is none; in CI its absence is a failure, never a skip. */
export async function ffmpegForTests(): Promise<string | null> {
  const found = await findFfmpeg(null)
  if (found === null && process.env.CI === 'true') throw new Error('CI must have ffmpeg')
  if (found === null) console.info('skipped: ffmpeg is not installed')
  return found
}

/** A whole decoded file. */
export interface Decoded {
  readonly format: AudioFormat
  readonly channels: Float32Array[]
  readonly warnings: WarningCode[]
}

/** Reads a source to its end, in pieces of `blockFrames`, and closes it. */
export async function drain(source: AudioSource, blockFrames = 4096): Promise<Decoded> {
  const pieces: Float32Array[][] = []
  try {
    for (let block = await source.read(blockFrames); block !== null; block = await source.read(blockFrames)) {
      pieces.push(block.map((channel) => channel.slice()))
    }
  } finally {
    await source.close()
  }
  const channels = Array.from({ length: source.format.channels }, (_, index) => joined(pieces.map((p) => p[index]!)))
  return { format: source.format, channels, warnings: [...source.warnings] }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Decodes the file at `path`. */
export async function decodeFile(path: string, ffmpegPath: string | null = null, blockFrames = 4096): Promise<Decoded> {
  return drain(await openSource(path, { ffmpegPath }), blockFrames)
}

/** The code of the AppError that `work` fails with; `'done'` where it does not fail. Anything but an AppError passes through. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.code
    throw thrown
  }
}

/** A repeatable random source (mulberry32), values in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A 16-bit PCM WAV file, chunk by chunk: what a test wants to be odd it sets. */
export function wavBytes(parts: {
  readonly samples: Int16Array
  readonly channels?: number
  readonly sampleRateHz?: number
  readonly riffSize?: number
  readonly dataSize?: number
  readonly beforeFormat?: Buffer
  readonly beforeData?: Buffer
  readonly afterData?: Buffer
}): Buffer {
  const { samples, channels = 1, sampleRateHz = 16_000 } = parts
  const format = Buffer.alloc(16)
  format.writeUInt16LE(1, 0)
  format.writeUInt16LE(channels, 2)
  format.writeUInt32LE(sampleRateHz, 4)
  format.writeUInt32LE(sampleRateHz * channels * 2, 8)
  format.writeUInt16LE(channels * 2, 12)
  format.writeUInt16LE(16, 14)
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    parts.beforeFormat ?? Buffer.alloc(0),
    chunkHead('fmt ', 16),
    format,
    parts.beforeData ?? Buffer.alloc(0),
    chunkHead('data', parts.dataSize ?? data.length),
    data,
    parts.afterData ?? Buffer.alloc(0)
  ])
  return Buffer.concat([chunkHead('RIFF', parts.riffSize ?? body.length), body])
}

/** A RIFF chunk's name and size. */
export function chunkHead(id: string, size: number): Buffer {
  const head = Buffer.alloc(8)
  head.write(id, 0, 'latin1')
  head.writeUInt32LE(size >>> 0, 4)
  return head
}
