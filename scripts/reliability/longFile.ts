import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import type { RunReport } from '../../src/main/reports/runReport'
import { openSource } from '../../src/audio/io/openSource'
import { projectRoot } from '../projectRoot'
import { live } from './life'
import { atMost, none, type Promised } from './promises'
import { ffmpegForSeeds } from './seeds'
import { tinyNetwork } from './tinyNetwork'

export interface LongPlan {
  readonly folder: string
  readonly hours: number
  readonly say: (line: string) => void
}

export interface LongTally {
  readonly faults: string[]
  readonly peakRatio: number
  readonly outputBytes: number
  readonly container: string
}

const RATE_HZ = 48_000
const SHORT_SEC = 600
const FOUR_GIB = 2 ** 32
const COMMAND = path.join(projectRoot, 'out/main/headless.js')

/** A file of hours (48 kHz stereo FLAC, to 32-bit float WAV: over 4 GiB from 3.2 hours on) against one of ten minutes. */
export async function longFile({ folder, hours, say }: LongPlan): Promise<LongTally> {
  const ffmpeg = await ffmpegForSeeds()
  const model = await tinyNetwork(folder)
  const faults: string[] = []
  const short = await clean({ ...makeFlac(ffmpeg, folder, SHORT_SEC), folder, model })
  say(`10 minutes: peak ${(short.peakBytes / 1e6).toFixed(0)} MB`)
  const flac = makeFlac(ffmpeg, folder, hours * 3600)
  const long = await clean({ ...flac, folder, model })
  say(
    `${hours} hours: peak ${(long.peakBytes / 1e6).toFixed(0)} MB, ${long.progress} lines, ${(long.tookMs / 1000).toFixed(0)} s`
  )
  faults.push(...short.faults, ...long.faults)
  const outputBytes = statSync(long.output).size
  const container = firstBytes(long.output)
  const expected = hours * 3600 * RATE_HZ
  const frames = await framesOf(long.output)
  if (frames !== expected) faults.push(`${frames} frames of ${expected}`)
  const probed = Math.round(probedSec(ffmpeg, long.output) * RATE_HZ)
  if (probed !== expected) faults.push(`ffprobe says ${probed} frames of ${expected}`)
  if (container !== (outputBytes > FOUR_GIB ? 'RF64' : 'RIFF')) faults.push(`${outputBytes} bytes as ${container}`)
  rmSync(long.output)
  return { faults, peakRatio: long.peakBytes / short.peakBytes, outputBytes, container }
}

/** Ten seconds of a wavering tone again and again; quiet noise would make it a hundred times as big. */
function makeFlac(
  ffmpeg: string,
  folder: string,
  seconds: number
): { readonly input: string; readonly output: string } {
  const tone = path.join(folder, 'tone.wav')
  const sound = `aevalsrc=0.3*sin(2*PI*220*t)*sin(2*PI*t)|0.2*sin(2*PI*330*t):s=${RATE_HZ}:d=10`
  execFileSync(ffmpeg, ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', sound, tone])
  const input = path.join(folder, `${seconds}.flac`)
  execFileSync(ffmpeg, [
    '-v',
    'error',
    '-nostdin',
    '-y',
    '-stream_loop',
    '-1',
    '-i',
    tone,
    '-t',
    String(seconds),
    input
  ])
  return { input, output: path.join(folder, 'out', `${seconds}.wav`) }
}

interface CleanPlan {
  readonly folder: string
  readonly model: string
  readonly input: string
  readonly output: string
}

interface Cleaned {
  readonly faults: readonly string[]
  readonly output: string
  readonly peakBytes: number
  readonly progress: number
  readonly tookMs: number
}

async function clean({ folder, model, input, output }: CleanPlan): Promise<Cleaned> {
  const report = path.join(folder, 'report.json')
  mkdirSync(path.dirname(output), { recursive: true })
  const words = [input, '--out', path.dirname(output), '--model', model, '--format', 'wav32f', '--report', report]
  let progress = 0
  const life = await live({
    args: [COMMAND, ...words],
    env: { STILLWAVE_DATA: path.join(folder, 'data') },
    ...{ killAfterMs: null, wholeGroup: true, heard: () => progress++ }
  })
  const [file] = (JSON.parse(readFileSync(report, 'utf8')) as RunReport).files
  const faults = life.strays.map((pid) => `process ${pid} stayed`)
  if (life.code !== 0) faults.push(`exit code ${life.code}: ${life.stderr.slice(-300)}`)
  if (file?.warnings.length) faults.push(`${path.basename(input)}: ${file.warnings.join(', ')}`)
  return { faults, output, peakBytes: file?.peakRssBytes ?? NaN, progress, tookMs: life.tookMs }
}

async function framesOf(file: string): Promise<number> {
  const source = await openSource(file, { ffmpegPath: null })
  let frames = 0
  for (let block = await source.read(1 << 20); block !== null; block = await source.read(1 << 20))
    frames += block[0]!.length
  await source.close()
  return frames
}

function probedSec(ffmpeg: string, file: string): number {
  const probe = path.join(path.dirname(ffmpeg), path.basename(ffmpeg).replace('ffmpeg', 'ffprobe'))
  const words = ['-v', 'error', '-show_entries', 'stream=duration', '-of', 'default=nw=1:nk=1', file]
  return Number(execFileSync(probe, words, { encoding: 'utf8' }))
}

function firstBytes(file: string): string {
  const bytes = Buffer.alloc(4)
  const handle = openSync(file, 'r')
  readSync(handle, bytes, 0, 4, 0)
  closeSync(handle)
  return bytes.toString('latin1')
}

export function longPromises({ faults, peakRatio, outputBytes, container }: LongTally): readonly Promised[] {
  return [
    none('wrong lengths, warnings, processes left', faults),
    atMost('peak of the engine over that of ten minutes', peakRatio, 1.2),
    { promise: 'GB of output, and as what', found: `${(outputBytes / 1e9).toFixed(1)}, ${container}`, kept: true }
  ]
}
