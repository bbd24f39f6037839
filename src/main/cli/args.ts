import { parseArgs } from 'node:util'
import {
  ABOVE_8K_WAYS,
  CHANNEL_WAYS,
  DEVICES,
  JOINS,
  LOUDNESS_WAYS,
  ON_EXISTS,
  OUTPUT_FORMATS,
  OUTPUT_QUALITIES,
  VIDEO_WAYS,
  type Above8kWay,
  type ChannelWay,
  type Device,
  type Join,
  type LoudnessWay,
  type OnExists,
  type OutputFormat,
  type OutputQuality,
  type VideoWay
} from '../../shared/settings/choices'
import { KEEP_MB } from '../../shared/settings/appSettings'
import { DEFAULT_JOB_SETTINGS, LIMITS, USUAL_TRUE_PEAK_DB } from '../../shared/settings/jobSettings'
import { REPORT_EXTENSIONS, reportExtension } from '../reports/writeReport'
import type { Shard } from '../jobs/shard'
import type { FilePatterns } from '../../shared/settings/filePatterns'
import { isNumbered, patternProblem } from '../../shared/settings/namePattern'

/** The command was used wrongly: the message names the option. Exit code 2. */
export class UsageError extends Error {}

export interface DenoiseArgs {
  readonly inputs: readonly string[]
  readonly out: string | null
  readonly recursive: boolean
  readonly onExists: OnExists
  readonly model: string | null
  readonly precision: (typeof PRECISIONS)[number]
  /** Where the user's models lie; null takes the app's folder. */
  readonly data: string | null
  readonly device: Device
  /** Null where nothing was asked for: the model and the join then decide. */
  readonly join: Join | null
  readonly chunkSec: number | null
  readonly overlapSec: number | null
  readonly batch: number
  /** What the engine may take, in MB: chunk and batch are then chosen. */
  readonly budgetMb: number | null
  readonly threads: number | null
  readonly strengthPercent: number
  /** Null: no floor. */
  readonly floorDb: number | null
  /** What may be kept of cleaned sound for another strength, in MB; 0 keeps nothing. */
  readonly keepMb: number
  /** Of an output's name without extension; null takes the place's own. */
  readonly namePattern: string | null
  readonly format: OutputFormat
  readonly quality: OutputQuality
  readonly video: VideoWay
  /** Of files with several; null: the default one. */
  readonly audioTrack: number | null
  readonly above8k: Above8kWay
  readonly channels: ChannelWay
  /** The results have their sources' times. */
  readonly keepTimes: boolean
  /** Which files in folders are taken. */
  readonly patterns: FilePatterns
  /** Only tells what would be done. */
  readonly dryRun: boolean
  /** Goes on with what comes into the folders, until it is interrupted. */
  readonly watch: boolean
  /** From one look into them to the next. */
  readonly watchSec: number
  /** The share of the files that this run takes; null takes all. */
  readonly shard: Shard | null
  /** The ffmpeg to use; null looks beside the app and on PATH. */
  readonly ffmpeg: string | null
  /** Where reports go, each in the form that its ending names. */
  readonly reports: readonly string[]
  readonly loudness: LoudnessWay
  readonly targetLufs: number
  /** Null: no ceiling. */
  readonly truePeakDb: number | null
  readonly quiet: boolean
}

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'doctor'; readonly data: string | null; readonly json: boolean }
  | { readonly kind: 'denoise'; readonly args: DenoiseArgs }

const PRECISIONS = ['fp32', 'fp16'] as const

const TEXT = { type: 'string' } as const
const FLAG = { type: 'boolean', default: false } as const

const OPTIONS = {
  out: TEXT,
  'no-recursive': FLAG,
  'on-exists': TEXT,
  model: TEXT,
  precision: TEXT,
  data: TEXT,
  device: TEXT,
  join: TEXT,
  'chunk-seconds': TEXT,
  'overlap-seconds': TEXT,
  batch: TEXT,
  'budget-mb': TEXT,
  threads: TEXT,
  strength: TEXT,
  'floor-db': TEXT,
  'keep-mb': TEXT,
  name: TEXT,
  format: TEXT,
  quality: TEXT,
  video: TEXT,
  'audio-track': TEXT,
  'above-8k': TEXT,
  channels: TEXT,
  'new-times': FLAG,
  include: { ...TEXT, multiple: true },
  exclude: { ...TEXT, multiple: true },
  'dry-run': FLAG,
  watch: FLAG,
  'watch-every': TEXT,
  shard: TEXT,
  ffmpeg: TEXT,
  loudness: TEXT,
  'target-lufs': TEXT,
  'true-peak-db': TEXT,
  report: { ...TEXT, multiple: true },
  quiet: FLAG,
  doctor: FLAG,
  json: FLAG,
  help: { ...FLAG, short: 'h' },
  version: FLAG
} as const

/** Long names of all options, without dashes. */
export const OPTION_NAMES: readonly string[] = Object.keys(OPTIONS)

/** Longest chunk: with its context it must fit in memory on a small machine. */
const MAX_CHUNK_SEC = 600
/** Shortest: one frame of FRCRN is 20 ms. */
const MIN_CHUNK_SEC = 0.02

/** Three looks without a change are 6 s: longer than a copy pauses. */
const WATCH_SEC = 2

/** The command line as typed values. Throws {@link UsageError}. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parsed(argv)
  if (values.help) return { kind: 'help' }
  if (values.version) return { kind: 'version' }
  if (values.doctor) {
    if (positionals.length > 0)
      throw new UsageError('--doctor takes no files: it looks at the program and this machine')
    return { kind: 'doctor', data: filled('data', values.data), json: values.json }
  }
  if (values.json) throw new UsageError('--json belongs to --doctor; --report FILE.json tells of a batch')
  if (positionals.length === 0) throw new UsageError('name at least one file or folder to denoise')
  if (positionals.includes('')) throw new UsageError('an input has an empty name')
  const args: DenoiseArgs = {
    inputs: positionals,
    out: filled('out', values.out),
    recursive: !values['no-recursive'],
    onExists: oneOf('on-exists', values['on-exists'], ON_EXISTS) ?? (values.watch ? 'changed' : 'skip'),
    model: filled('model', values.model),
    precision: oneOf('precision', values.precision, PRECISIONS) ?? 'fp32',
    data: filled('data', values.data),
    device: oneOf('device', values.device, DEVICES) ?? 'auto',
    join: oneOf('join', values.join, JOINS),
    chunkSec: number('chunk-seconds', values['chunk-seconds'], { min: MIN_CHUNK_SEC, max: MAX_CHUNK_SEC }),
    overlapSec: number('overlap-seconds', values['overlap-seconds'], { min: 0, max: MAX_CHUNK_SEC / 2 }),
    batch: number('batch', values.batch, { min: 1, max: 256, whole: true }) ?? 1,
    budgetMb: number('budget-mb', values['budget-mb'], { ...LIMITS.budgetMb, whole: true }),
    threads: number('threads', values.threads, { min: 1, max: 1024, whole: true }),
    strengthPercent: number('strength', values.strength, { min: 0, max: 100 }) ?? 100,
    floorDb: number('floor-db', values['floor-db'], LIMITS.floorDb),
    keepMb: number('keep-mb', values['keep-mb'], { ...KEEP_MB, whole: true }) ?? 0,
    namePattern: namePattern(values.name),
    format: oneOf('format', values.format, OUTPUT_FORMATS) ?? 'source',
    quality: oneOf('quality', values.quality, OUTPUT_QUALITIES) ?? 'standard',
    video: oneOf('video', values.video, VIDEO_WAYS) ?? 'replace',
    audioTrack: number('audio-track', values['audio-track'], { ...LIMITS.audioTrack, whole: true }),
    above8k: oneOf('above-8k', values['above-8k'], ABOVE_8K_WAYS) ?? 'keep',
    channels: oneOf('channels', values.channels, CHANNEL_WAYS) ?? 'linked',
    keepTimes: !values['new-times'],
    patterns: { include: all('include', values.include), exclude: all('exclude', values.exclude) },
    dryRun: values['dry-run'],
    watch: values.watch,
    watchSec: number('watch-every', values['watch-every'], { min: 0.1, max: 3600 }) ?? WATCH_SEC,
    shard: shard(values.shard),
    ffmpeg: filled('ffmpeg', values.ffmpeg),
    reports: reports(values.report ?? []),
    ...level(values.loudness, values['target-lufs'], values['true-peak-db']),
    quiet: values.quiet
  }
  if (args.dryRun && args.reports.length > 0) throw new UsageError('--dry-run writes nothing: leave --report away')
  if (args.watch && args.dryRun) throw new UsageError('--watch goes on until it is ended: leave --dry-run away')
  if (args.watch && args.reports.length > 0) {
    throw new UsageError(
      '--watch goes on until it is ended: leave --report away, the folder of results tells what was done'
    )
  }
  if (args.watch && args.namePattern !== null && isNumbered(args.namePattern)) {
    throw new UsageError('--name with {n} numbers the files of one run: with --watch they would change their numbers')
  }
  if (!args.watch && values['watch-every'] !== undefined) throw new UsageError('--watch-every counts for --watch only')
  refuseBoth(args.budgetMb, { 'chunk-seconds': values['chunk-seconds'], batch: values.batch })
  return { kind: 'denoise', args }
}

/** A budget chooses what the other two say. */
function refuseBoth(budgetMb: number | null, others: Readonly<Record<string, string | undefined>>): void {
  if (budgetMb === null) return
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined) throw new UsageError(`--budget-mb chooses --${name}: give one of them`)
  }
}

/** A target is named with its way, or not at all; a ceiling comes with every way but the exact one. */
function level(
  way: string | undefined,
  target: string | undefined,
  ceiling: string | undefined
): Pick<DenoiseArgs, 'loudness' | 'targetLufs' | 'truePeakDb'> {
  const loudness = oneOf('loudness', way, LOUDNESS_WAYS) ?? 'restore'
  if (target !== undefined && loudness !== 'target') {
    throw new UsageError('--target-lufs counts for --loudness target only')
  }
  const targetLufs = number('target-lufs', target, LIMITS.targetLufs) ?? DEFAULT_JOB_SETTINGS.output.targetLufs
  if (ceiling === 'off') return { loudness, targetLufs, truePeakDb: null }
  const usual = loudness === 'restore' ? null : USUAL_TRUE_PEAK_DB
  return { loudness, targetLufs, truePeakDb: number('true-peak-db', ceiling, LIMITS.truePeakDb) ?? usual }
}

/** parseArgs takes a value with a minus for an option. */
function withNegatives(argv: readonly string[]): string[] {
  const joined: string[] = []
  for (const arg of argv) {
    const last = joined.at(-1)
    if ((last === '--target-lufs' || last === '--true-peak-db') && /^-[\d.]/u.test(arg)) {
      joined[joined.length - 1] = `${last}=${arg}`
    } else joined.push(arg)
  }
  return joined
}

type ParsedArgs = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>

function parsed(argv: readonly string[]): ParsedArgs {
  try {
    return parseArgs({ args: withNegatives(argv), options: OPTIONS, allowPositionals: true, strict: true })
  } catch (error) {
    // parseArgs names the option in its first sentence; the rest is about shells and dashes.
    throw new UsageError(error instanceof Error ? error.message.split(/\.?(?:\n| To specify)/u)[0]! : String(error))
  }
}

function filled(name: string, value: string | undefined): string | null {
  if (value === '') throw new UsageError(`--${name} needs a value`)
  return value ?? null
}

function all(name: string, values: readonly string[] | undefined): readonly string[] {
  for (const value of values ?? []) filled(name, value)
  return values ?? []
}

function shard(value: string | undefined): Shard | null {
  const text = filled('shard', value)
  if (text === null) return null
  const [, index, count] = (/^(\d{1,6})\/(\d{1,6})$/u.exec(text) ?? []).map(Number)
  if (index === undefined || count === undefined || index < 1 || index > count) {
    throw new UsageError(`--shard must be K/N with K from 1 to N, not "${text}"`)
  }
  return { index, count }
}

function reports(values: readonly string[]): readonly string[] {
  for (const value of values) {
    filled('report', value)
    if (reportExtension(value) === null) {
      throw new UsageError(`--report must end in ${REPORT_EXTENSIONS.join(', ')}, not "${value}"`)
    }
  }
  return values
}

function namePattern(value: string | undefined): string | null {
  const pattern = filled('name', value)
  if (pattern === null) return null
  const problem = patternProblem(pattern)
  const reasons = {
    empty: 'gives an empty name',
    illegalCharacter: 'holds a character that no file name may hold',
    unknownToken: 'may hold {name}, {folder}, {date}, {n} and {model} in braces, nothing else'
  }
  if (problem) throw new UsageError(`--name ${reasons[problem]}: "${pattern}"`)
  return pattern
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | null {
  if (value === undefined) return null
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) throw new UsageError(`--${name} must be one of ${allowed.join(', ')}, not "${value}"`)
  return found
}

interface Range {
  readonly min: number
  readonly max: number
  readonly whole?: boolean
}

function number(name: string, value: string | undefined, { min, max, whole = false }: Range): number | null {
  if (value === undefined) return null
  const parsedNumber = /^-?(?:\d+(?:\.\d+)?|\.\d+)$/u.test(value) ? Number(value) : Number.NaN
  if (!(parsedNumber >= min && parsedNumber <= max) || (whole && !Number.isInteger(parsedNumber))) {
    throw new UsageError(`--${name} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not "${value}"`)
  }
  return parsedNumber
}
