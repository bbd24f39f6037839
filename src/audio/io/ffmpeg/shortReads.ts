import { AppError } from '../../../shared/errors/appError'
import { DecoderChild, DEFAULT_TIME_LIMITS } from './decoderChild'
import { childCommand, fileUrl, INPUT_LIMITS } from './ffmpegCommand'
import type { ChildCommand } from './ffmpegCommand'

export interface ShortReadOptions {
  readonly ffmpegPath: string
  readonly signal: AbortSignal
  /** ffmpeg's number of the sound. */
  readonly stream: number
}

export interface Piece {
  readonly startSec: number
  readonly lengthSec: number
  /** The file's own; what comes out has them whatever the stream does there. */
  readonly sampleRateHz: number
  readonly channels: number
}

const COMMON = ['-nostdin', '-hide_banner', '-v', 'level+warning', '-filter_threads', '1'] as const

/**
 * A short piece from anywhere in a compressed file, [channels][frames], fewer frames at its end. Where it begins is as exact
 * as the container's own marks: to be looked at, not to be laid beside another file. The guards are those of the whole decoding;
 * errors as there, E_CANCELLED where the signal says so.
 */
export async function decodePiece(path: string, piece: Piece, options: ShortReadOptions): Promise<Float32Array[]> {
  const { startSec, lengthSec, sampleRateHz, channels } = piece
  const output = ['-map', `0:${options.stream}`, '-vn', '-sn', '-dn', '-t', lengthSec.toFixed(6)]
  const format = ['-ar', `${sampleRateHz}`, '-ac', `${channels}`, '-c:a', 'pcm_f32le', '-f', 'f32le', 'pipe:1']
  const args = [...COMMON, ...INPUT_LIMITS, ...seekTo(startSec), '-i', fileUrl(path), ...output, ...format]
  const maxBytes = Math.ceil(lengthSec * sampleRateHz + 1) * channels * 4
  const bytes = await outputOf(path, childCommand(options.ffmpegPath, args), { maxBytes, signal: options.signal })
  return planarOf(bytes, channels)
}

/** Pieces of one length from several places of a file. */
export interface Pieces extends Omit<Piece, 'startSec'> {
  readonly startsSec: readonly number[]
}

/**
 * {@link decodePiece} of several places by one child, whose start costs more than a piece: [places][channels][frames], all of
 * the whole length, with silence after the file's end.
 */
export async function decodePieces(path: string, pieces: Pieces, options: ShortReadOptions): Promise<Float32Array[][]> {
  const { startsSec, lengthSec, sampleRateHz, channels } = pieces
  const frames = Math.round(lengthSec * sampleRateHz)
  const inputs = startsSec.flatMap((sec) => [
    ...INPUT_LIMITS,
    ...seekTo(sec),
    '-t',
    `${lengthSec}`,
    '-i',
    fileUrl(path)
  ])
  const chains = startsSec.map(
    (_, i) =>
      `[${i}:${options.stream}]aresample=${sampleRateHz},apad=whole_len=${frames},atrim=end_sample=${frames}[p${i}]`
  )
  const joined = `${startsSec.map((_, i) => `[p${i}]`).join('')}concat=n=${startsSec.length}:v=0:a=1[all]`
  const graph = ['-filter_complex_threads', '1', '-filter_complex', [...chains, joined].join(';'), '-map', '[all]']
  const format = ['-ac', `${channels}`, '-c:a', 'pcm_f32le', '-f', 'f32le', 'pipe:1']
  const pieceBytes = frames * channels * 4
  const limits = { maxBytes: pieceBytes * startsSec.length, signal: options.signal }
  const bytes = await outputOf(
    path,
    childCommand(options.ffmpegPath, [...COMMON, ...inputs, ...graph, ...format]),
    limits
  )
  const whole = Math.floor(bytes.length / pieceBytes)
  return Array.from({ length: whole }, (_, i) =>
    planarOf(bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes), channels)
  )
}

/** Marks of the container where there are any, else a guess from the bit rate: never a walk through hours of packets. */
function seekTo(startSec: number): string[] {
  return ['-fflags', '+fastseek', '-ss', startSec.toFixed(6)]
}

/** The length of a file that declares none, from its packets: nothing is decoded. Errors as {@link decodePiece}. */
export async function measureForeignSec(path: string, options: ShortReadOptions): Promise<number> {
  const output = ['-map', `0:${options.stream}`, '-c', 'copy', '-f', 'null', '-progress', 'pipe:1', '-']
  const args = [...COMMON, ...INPUT_LIMITS, '-i', fileUrl(path), ...output]
  const limits = { maxBytes: 2 ** 20, signal: options.signal }
  const said = (await outputOf(path, childCommand(options.ffmpegPath, args), limits)).toString('latin1')
  const sec = Number([...said.matchAll(/^out_time_us=(\d+)/gm)].at(-1)?.[1] ?? 0) / 1e6
  if (sec > 0) return sec
  throw new AppError('E_CORRUPT', { path, detail: 'its length cannot be told' })
}

interface OutputLimits {
  readonly maxBytes: number
  readonly signal: AbortSignal
}

async function outputOf(path: string, command: ChildCommand, limits: OutputLimits): Promise<Buffer> {
  const { maxBytes, signal } = limits
  if (signal.aborted) throw new AppError('E_CANCELLED', { path })
  const child = new DecoderChild(command, path, DEFAULT_TIME_LIMITS)
  const cancel = (): void => {
    child.stop(new AppError('E_CANCELLED', { path }))
  }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const chunks: Buffer[] = []
    let bytes = 0
    for (let chunk = await child.read(0); chunk !== null; chunk = await child.read(0)) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > maxBytes) break
    }
    if (bytes === 0 && !child.exitedWell)
      throw new AppError('E_CORRUPT', { path, detail: `the decoder gave up (${child.ending})` })
    return Buffer.concat(chunks).subarray(0, maxBytes)
  } finally {
    signal.removeEventListener('abort', cancel)
    await child.close()
  }
}

function planarOf(bytes: Buffer, channels: number): Float32Array[] {
  const frames = Math.floor(bytes.length / 4 / channels)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: channels }, (_, channel) =>
    new Float32Array(frames).map((_zero, i) => {
      const value = view.getFloat32(4 * (i * channels + channel), true)
      return Number.isFinite(value) ? value : 0
    })
  )
}
