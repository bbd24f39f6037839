import type { Job, JobStatus } from '../../../../shared/jobs/job'
import type { ColumnId } from './columns'
import { audioOf, folderOf, nameOf, speedOf } from './jobFacts'

export const FILTERS = ['all', 'waiting', 'done', 'failed'] as const
export type Filter = (typeof FILTERS)[number]

/** Null is the queue's own order. */
export type Sort = { readonly column: ColumnId; readonly descending: boolean } | null

export interface ListQuery {
  readonly filter: Filter
  readonly text: string
  readonly sort: Sort
}

const KINDS: Readonly<Record<Filter, readonly JobStatus['kind'][]>> = {
  all: ['pending', 'running', 'done', 'failed', 'skipped', 'cancelled'],
  waiting: ['pending', 'running'],
  done: ['done', 'skipped'],
  failed: ['failed']
}

/** How many jobs each filter shows. */
export function filterCounts(counts: Readonly<Record<JobStatus['kind'], number>>): Readonly<Record<Filter, number>> {
  const count = (filter: Filter): number => KINDS[filter].reduce((sum, kind) => sum + counts[kind], 0)
  return { all: count('all'), waiting: count('waiting'), done: count('done'), failed: count('failed') }
}

/** The jobs that the list shows, in its order. Pure. */
export function visibleJobs(jobs: readonly Job[], { filter, text, sort }: ListQuery, locale: string): readonly Job[] {
  const kinds = KINDS[filter]
  const needle = text.trim().toLocaleLowerCase()
  const fits =
    filter === 'all' && needle === ''
      ? jobs
      : jobs.filter((job) => kinds.includes(job.status.kind) && (needle === '' || haystack(job).includes(needle)))
  return sort === null ? fits : sorted(fits, sort, locale)
}

function haystack(job: Job): string {
  return `${folderOf(job)}/${nameOf(job)}`.toLocaleLowerCase()
}

type Key = string | number | null

const STATE_ORDER: Readonly<Record<JobStatus['kind'], number>> = {
  running: 0,
  failed: 1,
  pending: 2,
  done: 3,
  skipped: 4,
  cancelled: 5
}

/** Keys never come from the progress stream: rows must not wander while a person reads them. */
const KEYS: Readonly<Record<ColumnId, (job: Job) => Key>> = {
  name: nameOf,
  folder: folderOf,
  length: (job) => audioOf(job).durationSec,
  rate: (job) => audioOf(job).sampleRateHz,
  channels: (job) => audioOf(job).channels,
  bits: (job) => audioOf(job).bitDepth,
  format: (job) => audioOf(job).format,
  state: (job) => STATE_ORDER[job.status.kind],
  progress: ({ status }) => (status.kind === 'done' ? 2 : status.kind === 'running' ? 1 : 0),
  speed: speedOf,
  memory: ({ status }) => (status.kind === 'done' ? status.result.peakRssBytes : null)
}

/** By the column's key; equal ones stay in queue order, unknown ones stand last either way. */
function sorted(jobs: readonly Job[], { column, descending }: NonNullable<Sort>, locale: string): readonly Job[] {
  const keys = jobs.map(KEYS[column])
  const rank = wordRanks(keys, locale)
  const sign = descending ? -1 : 1
  const keyed = jobs.map((job, at) => {
    const key = keys[at] ?? null
    return { job, at, key: typeof key === 'string' ? (rank.get(key) ?? 0) : key }
  })
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null) || a.at - b.at
    return sign * (a.key - b.key) || a.at - b.at
  })
  return keyed.map(({ job }) => job)
}

/** The place of each distinct word in the order of the language: folders that repeat ten thousand times are compared once. */
function wordRanks(keys: readonly Key[], locale: string): ReadonlyMap<string, number> {
  const words = [...new Set(keys.filter((key) => typeof key === 'string'))].map((word) => [word, padded(word)] as const)
  const { compare } = collatorOf(locale)
  words.sort((a, b) => compare(a[1], b[1]))
  return new Map(words.map(([word], at) => [word, at]))
}

const collators = new Map<string, Intl.Collator>()

/** Order of words in the language of the window. Without `numeric`, which is three times slower: the keys are padded instead. */
function collatorOf(locale: string): Intl.Collator {
  const collator = collators.get(locale) ?? new Intl.Collator(locale)
  collators.set(locale, collator)
  return collator
}

/** `take 9` stands before `take 10`. */
function padded(text: string): string {
  return text.replace(/\d+/gu, (digits) => digits.padStart(12, '0'))
}

/** What a click on a header leads to: up, down, and back to the queue's order. */
export function nextSort(sort: Sort, column: ColumnId): Sort {
  if (sort?.column !== column) return { column, descending: false }
  return sort.descending ? null : { column, descending: true }
}
