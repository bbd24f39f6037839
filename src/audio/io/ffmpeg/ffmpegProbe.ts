import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../../../shared/errors/appError'
import type { AudioTrack } from '../../../shared/jobs/job'
import { channelsOf } from './channelLayouts'
import { DecoderChild } from './decoderChild'
import type { TimeLimits } from './decoderChild'
import { childCommand, fileUrl, INPUT_LIMITS } from './ffmpegCommand'

const MAX_ANSWER_BYTES = 2 ** 20

/**
 * A file's sound, as ffmpeg sees it: the track that was asked for where there are several, else the first audio stream that is marked
 * as the default one, else the first.
 */
export interface ProbedAudio {
  /** ffmpeg's number of the stream. */
  readonly stream: number
  readonly formatName: string
  readonly codecName: string
  readonly sampleFormatName: string
  readonly sampleRateHz: number
  readonly channels: number
  /** ffmpeg's name of the layout ("5.1(side)"); null where it has none. */
  readonly channelLayout: string | null
  readonly bitsPerSample: number
  /** Null where nothing in the file declares it (an estimate from the bit rate does not count). */
  readonly declaredSec: number | null
  /** `declaredSec` is exact to the sample. */
  readonly isExact: boolean
  /** Of the sound; null where the file does not say. */
  readonly bitsPerSec: number | null
  readonly hasVideo: boolean
  /** All tracks of sound, in the file's order. */
  readonly tracks: readonly AudioTrack[]
}

/** Which sound is meant, how long to wait for the answer, and until when it is wanted. */
export interface Asking {
  readonly limits: TimeLimits
  readonly signal?: AbortSignal | undefined
  /** From 1; null and absent: the default one. Counts for files with several tracks of sound. */
  readonly track?: number | null | undefined
}

interface Answer {
  readonly stdout: string
  readonly child: DecoderChild
}

/**
 * Asks ffprobe (beside ffmpeg), or reads what `ffmpeg -i` says where there is only ffmpeg. Throws E_NO_AUDIO, E_NO_TRACK,
 * E_UNSUPPORTED, E_CORRUPT, E_MEMORY, E_TIMEOUT, E_CANCELLED.
 */
export async function probeAudio(path: string, ffmpegPath: string, asking: Asking): Promise<ProbedAudio> {
  const ffprobe = join(dirname(ffmpegPath), basename(ffmpegPath).replace('ffmpeg', 'ffprobe'))
  const hasProbe = ffprobe !== ffmpegPath && existsSync(ffprobe)
  return hasProbe ? probeByFfprobe(path, ffprobe, asking) : probeByFfmpeg(path, ffmpegPath, asking)
}

const ENTRIES =
  'stream=index,codec_type,codec_name,sample_fmt,sample_rate,channels,channel_layout,bits_per_raw_sample,bits_per_sample,duration,bit_rate' +
  ':stream_disposition=attached_pic,default:stream_tags=language,title:format=format_name,duration,bit_rate'

async function probeByFfprobe(path: string, ffprobe: string, asking: Asking): Promise<ProbedAudio> {
  const args = ['-v', 'level+warning', ...INPUT_LIMITS, '-show_entries', ENTRIES, '-of', 'json']
  const { stdout, child } = await answerOf(path, childCommand(ffprobe, [...args, '-i', fileUrl(path)]), asking)
  if (!child.exitedWell) throw refusal(path, child.stderr)
  const answer = parseObject(stdout)
  const streams = (Array.isArray(answer.streams) ? answer.streams : []).map(objectIn)
  const sounds = streams.filter((one) => one?.codec_type === 'audio')
  const tracks = sounds.map(trackOf)
  const stream = sounds[chosenTrack(path, tracks, asking.track)] ?? null
  const format = objectIn(answer.format)
  if (stream === null || format === null) throw new AppError('E_NO_AUDIO', { path })
  const bits = Number(stream.bits_per_raw_sample ?? 0) || Number(stream.bits_per_sample ?? 0)
  const declaredSec = Number(stream.duration ?? format.duration ?? 0)
  const isEstimate = child.stderr.includes('Estimating duration from bitrate')
  return {
    stream: Number(stream.index),
    formatName: text(format.format_name),
    codecName: text(stream.codec_name),
    sampleFormatName: text(stream.sample_fmt),
    sampleRateHz: Number(stream.sample_rate ?? 0),
    channels: Number(stream.channels ?? 0),
    channelLayout: layoutName(text(stream.channel_layout)),
    bitsPerSample: bits,
    declaredSec: isDeclared(declaredSec, child.stderr) ? declaredSec : null,
    isExact: stream.duration !== undefined && !isEstimate,
    bitsPerSec: bitRate(stream.bit_rate) ?? (streams.length === 1 ? bitRate(format.bit_rate) : null),
    hasVideo: streams.some((one) => one?.codec_type === 'video' && objectIn(one.disposition)?.attached_pic !== 1),
    tracks
  }
}

function trackOf(stream: Record<string, unknown> | null): AudioTrack {
  const tags = objectIn(stream?.tags)
  return {
    language: tagText(tags?.language),
    title: tagText(tags?.title),
    channels: Number(stream?.channels ?? 0),
    isDefault: objectIn(stream?.disposition)?.default === 1
  }
}

/** Shown to people: no longer than they read. */
function tagText(value: unknown): string | null {
  const said = text(value).slice(0, 200)
  return said === '' || said === 'und' ? null : said
}

/** The number of the wanted one among a file's tracks, from 0; where there is one there is no choice. Throws E_NO_AUDIO, E_NO_TRACK. */
function chosenTrack(path: string, tracks: readonly AudioTrack[], track: number | null = null): number {
  if (tracks.length === 0) throw new AppError('E_NO_AUDIO', { path })
  if (track === null || tracks.length === 1)
    return Math.max(
      0,
      tracks.findIndex(({ isDefault }) => isDefault)
    )
  if (track <= tracks.length) return track - 1
  throw new AppError('E_NO_TRACK', { path, detail: `track ${track} of ${tracks.length}` })
}

async function probeByFfmpeg(path: string, ffmpegPath: string, asking: Asking): Promise<ProbedAudio> {
  // Without an output ffmpeg prints what it found and exits with an error.
  const args = ['-nostdin', '-hide_banner', ...INPUT_LIMITS, '-i', fileUrl(path)]
  const { child } = await answerOf(path, childCommand(ffmpegPath, args), asking)
  const said = child.stderr
  const formatName = /^Input #0, (.+?), from '/m.exec(said)?.[1]
  if (formatName === undefined) throw refusal(path, said)
  const sounds = [...said.matchAll(SOUND_LINE)]
  const tracks = sounds.map(spokenTrack)
  const stream = sounds[chosenTrack(path, tracks, asking.track)]!
  const [line, number, codecName = '', rate, layout = '', sampleFormatName = '', bits] = stream
  const time = /^\s*Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)/m.exec(said)
  const declaredSec = time === null ? 0 : Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3])
  return {
    stream: Number(number),
    formatName,
    codecName,
    sampleFormatName,
    sampleRateHz: Number(rate),
    channels: channelsOf(layout),
    channelLayout: layoutName(layout),
    bitsPerSample: Number(bits ?? 0) || (/^(?:s16|u8)/.test(sampleFormatName) ? 16 : 0),
    declaredSec: isDeclared(declaredSec, said) ? declaredSec : null,
    // Hundredths of a second.
    isExact: false,
    bitsPerSec: bitRate(1000 * Number(/, (\d+) kb\/s/.exec(line)?.[1] ?? 0)),
    hasVideo: /^\s*Stream #0:\d+.*?: Video: (?!.*\(attached pic\))/m.test(said),
    tracks
  }
}

/** Titles stand in other lines, which are left alone. */
function spokenTrack([line, , , , layout = '']: RegExpMatchArray): AudioTrack {
  const language = tagText(/#0:\d+(?:\[\w+\])?\((\w+)\)/.exec(line)?.[1])
  return { language, title: null, channels: channelsOf(layout), isDefault: line.includes('(default)') }
}

const SOUND_LINE = /^\s*Stream #0:(\d+).*?: Audio: (\w+).*?, (\d+) Hz, ([^,\n]+)(?:, (\w+))?(?: \((\d+) bit\))?.*$/gm

/** ffmpeg gives all ones for what it does not know. */
function bitRate(value: unknown): number | null {
  const bitsPerSec = Number(value ?? 0)
  return bitsPerSec > 0 && bitsPerSec < 0xfffffff0 ? bitsPerSec : null
}

async function answerOf(path: string, command: ReturnType<typeof childCommand>, asking: Asking): Promise<Answer> {
  const { limits, signal } = asking
  if (signal?.aborted) throw new AppError('E_CANCELLED', { path })
  const child = new DecoderChild(command, path, limits)
  const cancel = (): void => {
    child.stop(new AppError('E_CANCELLED', { path }))
  }
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const chunks: Buffer[] = []
    let bytes = 0
    for (let chunk = await child.read(0); chunk !== null; chunk = await child.read(0)) {
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) throw new AppError('E_CORRUPT', { path, detail: 'the decoder answers without end' })
      chunks.push(chunk)
    }
    return { stdout: Buffer.concat(chunks).toString('utf8'), child }
  } finally {
    signal?.removeEventListener('abort', cancel)
    await child.close()
  }
}

function isDeclared(declaredSec: number, said: string): boolean {
  return Number.isFinite(declaredSec) && declaredSec > 0 && !said.includes('Estimating duration from bitrate')
}

/** Why the file was not opened, from what libavformat says of it (the texts of AVERROR codes, stable over all versions). */
export function refusal(path: string, said: string): AppError {
  const lastLine = said.trim().split('\n').at(-1) ?? ''
  const detail = lastLine.replace(`${fileUrl(path)}: `, '').slice(0, 300)
  if (said.includes('Cannot allocate memory')) return new AppError('E_MEMORY', { path, detail })
  // A demuxer that knew the file and gave up on it speaks with its own name before the last line.
  const wasKnown = /\[[a-z0-9_,]+ @ 0x/.test(said) && !said.includes('whitelist')
  return new AppError(wasKnown ? 'E_CORRUPT' : 'E_UNSUPPORTED', { path, detail })
}

/** Layout names go into a filter's arguments: only the characters that ffmpeg's own names have. */
function layoutName(name: string): string | null {
  return /^[A-Za-z0-9.()+-]+$/.test(name) && name !== 'unknown' ? name : null
}

function parseObject(json: string): Record<string, unknown> {
  try {
    return objectIn(JSON.parse(json)) ?? {}
  } catch (thrown) {
    throw new AppError('E_INTERNAL', { detail: 'ffprobe did not answer in JSON' }, thrown)
  }
}

function objectIn(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
