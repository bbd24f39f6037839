import { crc32 } from 'node:zlib'
import type { Job } from '../../shared/jobs/job'
import type { QueueEvent, QueueState } from '../../shared/jobs/queue'
import { emptyQueue, reduceQueue } from '../../shared/jobs/reduceQueue'
import { DEFAULT_JOB_SETTINGS, type JobSettings } from '../../shared/settings/jobSettings'
import { settingsKeyOf } from '../core/settingsKey'
import { areWholeSettings, isWholeJob } from './journalShapes'

/** The journal's form; a reader that does not know the number leaves the file alone. */
export const JOURNAL_VERSION = 1

/** One line: the head comes first, then a snapshot in pieces, then events. */
export type JournalLine =
  | { readonly kind: 'head'; readonly version: number }
  | { readonly kind: 'settings'; readonly settings: QueueState['settings'] }
  | { readonly kind: 'jobs'; readonly jobs: readonly Job[] }
  | { readonly kind: 'event'; readonly event: QueueEvent }

/** A line with its checksum in front and its end behind. */
export function encodeLine(line: JournalLine): string {
  const text = JSON.stringify(line)
  return `${checksum(text)} ${text}\n`
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}

export interface ReadJournal {
  /** What could be read; jobs that ran are waiting again. */
  readonly state: QueueState
  /** Lines that are not whole, in the middle: something was lost. A torn last line is what a crash leaves, and loses nothing told. */
  readonly damaged: boolean
  /** The version of a journal that this program does not know. */
  readonly unknownVersion: number | null
  /** Jobs that were in work: their part files may lie about. */
  readonly interrupted: readonly Job[]
}

/** What is read where nothing is, or nothing that can be read. */
export function noJournal(epoch: string, damaged: boolean): ReadJournal {
  return { state: emptyQueue(epoch), damaged, unknownVersion: null, interrupted: [] }
}

/**
 * Reads a journal: what is whole of it, whatever is between. Never throws. A journal is put in place with its first lines on
 * disk: one without any was not torn by a crash, it is damaged.
 */
export function readJournal(bytes: Buffer, epoch: string): ReadJournal {
  const nothing = noJournal(epoch, true)
  const texts = bytes.toString('utf8').split('\n')
  // After the last line's end comes nothing; anything there was never finished.
  texts.pop()
  if (texts.length === 0) return nothing
  let state = nothing.state
  let damaged = false
  for (const text of texts) {
    const line = decodeLine(text)
    if (line?.kind === 'head' && line.version !== JOURNAL_VERSION) {
      return { ...nothing, damaged: false, unknownVersion: line.version }
    }
    const next = line && apply(state, line)
    damaged ||= next === null
    state = next ?? state
  }
  damaged ||= decodeLine(texts[0]!)?.kind !== 'head'
  const whole = wholeOf(state)
  damaged ||= whole.jobs.length < state.jobs.length
  const interrupted = whole.jobs.filter((job) => job.status.kind === 'running')
  return { state: settled(whole), damaged, unknownVersion: null, interrupted }
}

function decodeLine(text: string): JournalLine | null {
  const json = text.slice(9)
  if (text[8] !== ' ' || text.slice(0, 8) !== checksum(json)) return null
  try {
    return JSON.parse(json) as JournalLine
  } catch {
    return null
  }
}

/** Null where the line cannot be: what it builds on was lost, or it is not what its name says. */
function apply(state: QueueState, line: JournalLine): QueueState | null {
  try {
    switch (line.kind) {
      case 'head':
        return state
      case 'settings':
        return { ...state, settings: { ...state.settings, ...line.settings } }
      case 'jobs':
        return { ...state, jobs: [...state.jobs, ...line.jobs] }
      case 'event':
        return reduceQueue(state, line.event)
      default:
        return null
    }
  } catch {
    return null // Not swallowed: the journal is damaged then, and that is told.
  }
}

/**
 * The queue with whole jobs only: such as are there once, are what a job is, and can be run with settings that are there. Settings
 * are completed first, by what has come since they were written.
 */
function wholeOf(lines: QueueState): QueueState {
  const state = completed(lines)
  const usable = new Map(Object.entries(state.settings).map(([key, values]) => [key, areWholeSettings(values)]))
  const ids = new Set<string>()
  const jobs = state.jobs.filter((job) => {
    if (!isWholeJob(job) || usable.get(job.settingsKey) !== true || ids.has(job.id)) return false
    ids.add(job.id)
    return true
  })
  const settings = Object.fromEntries(Object.entries(state.settings).filter(([key]) => usable.get(key)))
  return { ...state, jobs, settings }
}

/** Nothing runs any more. */
function settled(state: QueueState): QueueState {
  const jobs = state.jobs.map((job): Job => {
    const { status } = job
    if (status.kind !== 'running') return job
    return { ...job, status: { kind: 'pending', attempts: Math.max(0, status.attempts - 1) } }
  })
  return { ...state, jobs, revision: 0, run: { kind: 'idle', because: null } }
}

/**
 * A journal of an earlier release knows nothing of the settings that came since: they have the values that they had then, and the
 * key that such settings have now.
 */
function completed(state: QueueState): QueueState {
  const keys = new Map<string, string>()
  const settings: Record<string, JobSettings> = {}
  for (const [key, values] of Object.entries(state.settings)) {
    if (!isObject(values) || !isObject(values.output)) continue
    const isWhole = hasAllOf(DEFAULT_JOB_SETTINGS, values) && hasAllOf(DEFAULT_JOB_SETTINGS.output, values.output)
    const output = { ...DEFAULT_JOB_SETTINGS.output, ...values.output }
    const whole = isWhole ? values : { ...DEFAULT_JOB_SETTINGS, ...values, output }
    const now = isWhole ? key : settingsKeyOf(whole)
    keys.set(key, now)
    settings[now] = whole
  }
  const jobs = state.jobs.map((job) => {
    const now = keys.get((job as Job | null)?.settingsKey ?? '')
    return now === undefined || now === job.settingsKey ? job : { ...job, settingsKey: now }
  })
  return { ...state, settings, jobs }
}

function hasAllOf(names: object, values: object): boolean {
  return Object.keys(names).every((name) => Object.hasOwn(values, name))
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
