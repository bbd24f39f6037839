import { stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { toAppError, type ErrorPayload } from '../../shared/errors/appError'
import type { ForecastView, Preflight, PreflightWarning } from '../../shared/ipc/views'
import type { Job } from '../../shared/jobs/job'
import type { QueueState } from '../../shared/jobs/queue'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { isNumbered } from '../../shared/settings/namePattern'
import type { OnExists, VideoWay } from '../../shared/settings/choices'
import { isFilmName, plannedExtension } from '../jobs/audioNames'
import { desiredName, desiredPath } from '../jobs/desiredPath'
import { isInside, pathKey } from '../jobs/fileNames'
import { FolderListings } from '../jobs/folderListings'
import { assertWritable } from '../jobs/partFiles'
import { intermediateBytes, outputBytes } from '../jobs/diskNeeds'
import { settingsKeyOf } from './settingsKey'

/** How long looking at the disk may take; what was not seen by then is not counted. */
const BUDGET_MS = 120
/** Folders whose disk and permissions are looked at. */
const SAMPLED_FOLDERS = 8
const LISTED_FOLDERS = 200
const JOBS_A_TURN = 100
/** Room that should stay free. */
const DISK_MARGIN_BYTES = 2_000_000_000

export interface PreflightInput {
  readonly state: QueueState
  /** The form's. */
  readonly settings: JobSettings
  /** Null where the model cannot be used. */
  readonly forecast: ForecastView | null
  /** Seconds of audio a second with these settings; null where they were never measured. */
  readonly speed: number | null
  /** What the engine may have: what is free, and what it holds already. */
  readonly availableBytes: number
  /** Without it everything but the source's own PCM is written as WAV. */
  readonly hasFfmpeg: boolean
  /** For the example in an empty list. */
  readonly homeFolder: string
}

/** What should be known before Start. Looks at the waiting jobs as they stand, and at the form for the example. */
export async function preflight(input: PreflightInput): Promise<Preflight> {
  const { state, forecast } = input
  const waiting = state.jobs.filter((job) => job.status.kind === 'pending')
  const tally = new Tally(input)
  const deadline = performance.now() + BUDGET_MS
  for (const [n, job] of waiting.entries()) {
    if (n % JOBS_A_TURN === JOBS_A_TURN - 1) await nextTurn()
    await tally.look(job, performance.now() < deadline)
  }
  const warnings = [...tally.warnings(), ...(await tally.diskWarnings()), ...memoryWarnings(input)]
  const example = exampleOf(waiting[0], input)
  const forecastBytes = forecast?.ramBytes ?? null
  return { example, warnings, forecastBytes, forecast, forecastSec: forecastSec(waiting, input.speed) }
}

function memoryWarnings({ settings, forecast, availableBytes }: PreflightInput): PreflightWarning[] {
  const { ramBytes = null, smallestBytes = null, fitsBudget = null } = forecast ?? {}
  if (fitsBudget === false && settings.budgetMb !== null && smallestBytes !== null) {
    return [{ kind: 'budget', budgetBytes: settings.budgetMb * 1e6, smallestBytes }]
  }
  if (ramBytes === null || ramBytes <= availableBytes) return []
  return [{ kind: 'memory', neededBytes: ramBytes, availableBytes }]
}

/** Null where a file's length is not known yet: the sum would say too little. */
function forecastSec(waiting: readonly Job[], speed: number | null): number | null {
  if (speed === null || waiting.length === 0) return null
  let audioSec = 0
  for (const { probe } of waiting) {
    if (probe === null) return null
    if (probe.ok && probe.info.durationSec === null) return null
    if (probe.ok) audioSec += probe.info.durationSec ?? 0
  }
  return audioSec / speed
}

/** One walk over the waiting jobs. */
class Tally {
  private readonly listings = new FolderListings()
  private readonly folders = new Map<string, number>()
  private readonly existing = new Map<OnExists, number>()
  private readonly collisions: string[] = []
  private readonly unsupported: { readonly path: string; readonly error: ErrorPayload }[] = []
  private readonly changes: { readonly path: string; readonly becomes: string }[] = []
  private readonly films: string[] = []
  private inside: string | null = null
  private differ = 0
  /** What the largest files that run together need while they run. */
  private intermediate = 0
  private readonly formKey: string
  private readonly now = new Date()

  constructor(private readonly input: PreflightInput) {
    this.formKey = settingsKeyOf(input.settings)
  }

  async look(job: Job, mayReadDisk: boolean): Promise<void> {
    const settings = this.input.state.settings[job.settingsKey]
    if (!settings || job.outputPath === null) return
    if (job.settingsKey !== this.formKey) this.differ++
    if (job.probe?.ok === false) this.unsupported.push({ path: job.inputPath, error: job.probe.error })
    const { output } = settings
    if (output.format === 'source' && job.probe?.ok !== false) this.lookAtFormat(job.inputPath, output.video)
    const shared = output.place === 'folder' || output.place === 'tree' ? output.folder : null
    if (shared !== null && !job.explicit && (shared === job.root || isInside(job.root, shared))) this.inside ??= shared
    const folder = shared ?? path.dirname(job.outputPath)
    const mayList = mayReadDisk && (this.folders.has(folder) || this.folders.size < LISTED_FOLDERS)
    const there = await this.lookAtName(job, settings, mayList)
    const bytes = there && output.onExists === 'skip' ? 0 : outputBytes(job, output)
    if (bytes > 0) this.intermediate = Math.max(this.intermediate, intermediateBytes(job, output) * settings.batch)
    this.folders.set(folder, (this.folders.get(folder) ?? 0) + bytes)
  }

  /** By the name: a file without an ending may be anything. */
  private lookAtFormat(inputPath: string, video: VideoWay): void {
    const extension = path.extname(inputPath)
    const planned = plannedExtension(extension, 'source', video)
    if (isFilmName(inputPath) && video === 'sound') this.films.push(inputPath)
    else if (extension !== '' && planned !== extension)
      this.changes.push({ path: inputPath, becomes: planned.slice(1) })
  }

  /** Whether a result of the wished name is there. */
  private async lookAtName(job: Job, { output, modelId }: JobSettings, mayList: boolean): Promise<boolean> {
    const planned = job.outputPath!
    const file = { path: job.inputPath, root: job.root, relativePath: job.relativePath, explicit: job.explicit }
    const context = { output, bases: new Map<string, string>(), platform: process.platform, now: this.now, modelId }
    // A number keeps names apart, and is the one that was the file's when it was planned.
    const name = isNumbered(output.pattern)
      ? path.basename(planned)
      : desiredName(file, { ...context, number: 1, count: 1 })
    const desired = path.join(path.dirname(planned), name)
    const there = mayList && (await this.listings.has(output.onExists === 'rename' ? desired : planned))
    if (there) this.existing.set(output.onExists, (this.existing.get(output.onExists) ?? 0) + 1)
    else if (pathKey(desired) !== pathKey(planned)) this.collisions.push(planned)
    return there
  }

  warnings(): PreflightWarning[] {
    const { collisions, existing, inside, unsupported, differ, changes, films } = this
    const warnings: PreflightWarning[] = []
    if (unsupported[0]) {
      const { path: example, error } = unsupported[0]
      warnings.push({ kind: 'unsupported', count: unsupported.length, example, error })
    }
    if (inside !== null) warnings.push({ kind: 'outputInsideInput', path: inside })
    for (const [onExists, count] of existing) warnings.push({ kind: 'outputExists', count, onExists })
    if (collisions[0]) warnings.push({ kind: 'collision', count: collisions.length, example: collisions[0] })
    if (changes[0]) {
      const { path: example, becomes } = changes[0]
      warnings.push({ kind: 'formatChanges', count: changes.length, example, becomes })
    }
    if (films[0]) warnings.push({ kind: 'soundOnly', count: films.length, example: films[0] })
    if (differ > 0) warnings.push({ kind: 'settingsDiffer', count: differ })
    return warnings
  }

  async diskWarnings(): Promise<PreflightWarning[]> {
    const warnings: PreflightWarning[] = []
    const disks = new Map<number, { path: string; neededBytes: number; freeBytes: number }>()
    const folders = [...this.folders].slice(0, SAMPLED_FOLDERS)
    const unseen = [...this.folders.values()].slice(SAMPLED_FOLDERS).reduce((sum, bytes) => sum + bytes, 0)
    for (const [n, [folder, bytes]] of folders.entries()) {
      try {
        const there = await nearestFolder(folder)
        await assertWritable(there)
        const [{ dev }, { bavail, bsize }] = await Promise.all([stat(there), statfs(there)])
        const disk = disks.get(dev) ?? { path: folder, neededBytes: 0, freeBytes: bavail * bsize }
        // Of many folders those that were not looked at are taken to be on the first one's disk.
        disk.neededBytes += bytes + (n === 0 ? unseen : 0)
        disks.set(dev, disk)
      } catch (thrown) {
        warnings.push({ kind: 'outputNotWritable', path: folder, error: toAppError(thrown).toPayload() })
      }
    }
    for (const disk of disks.values()) {
      const neededBytes = Math.round(disk.neededBytes + this.intermediate + DISK_MARGIN_BYTES)
      if (neededBytes > disk.freeBytes) warnings.push({ kind: 'disk', ...disk, neededBytes })
    }
    return warnings
  }
}

/** The folder itself or the first one above it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  const stats = await stat(folder).catch((error: unknown) => {
    const errno = error instanceof Error && 'code' in error ? error.code : ''
    if (errno === 'ENOENT' && path.dirname(folder) !== folder) return null
    throw error
  })
  return stats === null ? nearestFolder(path.dirname(folder)) : folder
}

function exampleOf(
  job: Job | undefined,
  { state, settings, homeFolder, hasFfmpeg }: PreflightInput
): Preflight['example'] {
  const root = job?.root ?? path.join(homeFolder, 'Recordings')
  const relativePath = job?.relativePath ?? path.join('Monday', 'interview.wav')
  const input = job?.inputPath ?? path.join(root, relativePath)
  const { output, modelId } = settings
  const needsFolder = output.place === 'folder' || output.place === 'tree'
  // Before a folder is chosen the example shows one.
  const folder = needsFolder && output.folder === null ? path.join(homeFolder, 'Clean') : output.folder
  const format = output.format === 'source' || hasFfmpeg ? output.format : 'wav16'
  const file = { path: input, root, relativePath, explicit: job?.explicit ?? false }
  const number = { number: job ? state.jobs.indexOf(job) + 1 : 1, count: Math.max(1, state.jobs.length) }
  const context = { bases: new Map<string, string>(), platform: process.platform, now: new Date(), modelId, ...number }
  return { input, output: desiredPath(file, { ...context, output: { ...output, folder, format } }) }
}
