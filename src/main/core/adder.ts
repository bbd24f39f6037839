import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import type { PushEvent, ScanView } from '../../shared/ipc/views'
import type { Job, SourceIdentity } from '../../shared/jobs/job'
import type { FilePatterns } from '../../shared/settings/filePatterns'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { breathe } from '../jobs/breathe'
import { pathKey } from '../jobs/fileNames'
import type { QueueStore } from '../jobs/queueStore'
import { scanInputs, type ScannedFile, type ScanOptions, type ScanResult } from '../jobs/scanInputs'
import type { Planner } from './planner'
import { settingsKeyOf } from './settingsKey'

/** At most ten counts a second. */
const PUSH_MS = 100
/** Jobs of one event: one takes a few milliseconds from here to the journal. */
const JOBS_AN_EVENT = 1000

const ALL_FILES: FilePatterns = { include: [], exclude: [] }

interface Wish {
  readonly paths: readonly string[]
  readonly settings: JobSettings
  readonly patterns: FilePatterns
}

interface AddWish {
  readonly settings: JobSettings
  readonly signal: AbortSignal
}

/** Puts what was dropped or chosen into the queue: scanned in the background, each file with its place. */
export class Adder {
  private readonly scans = new Map<string, { readonly abort: AbortController; view: ScanView }>()
  private readonly works = new Set<Promise<void>>()

  constructor(
    private readonly store: QueueStore,
    private readonly planner: Planner,
    private readonly push: (event: PushEvent) => void
  ) {}

  /** Scans that are still under way. */
  get views(): readonly ScanView[] {
    return [...this.scans.values()].map(({ view }) => view)
  }

  /** Begins a scan and gives back its id. */
  add(paths: readonly string[], settings: JobSettings, patterns: FilePatterns = ALL_FILES): string {
    const scanId = randomUUID()
    const view = {
      scanId,
      found: 0,
      skipped: 0,
      otherFiles: 0,
      excluded: 0,
      cutShort: false,
      done: false,
      error: null
    } as const
    this.scans.set(scanId, { abort: new AbortController(), view })
    this.push({ topic: 'scan', scan: view })
    const work = this.run(scanId, { paths, settings, patterns })
    this.works.add(work)
    void work.finally(() => this.works.delete(work))
    return scanId
  }

  /** Nothing of an unfinished scan gets into the queue. */
  cancel(scanId: string): void {
    this.scans.get(scanId)?.abort.abort()
  }

  async close(): Promise<void> {
    for (const { abort } of this.scans.values()) abort.abort()
    await Promise.all(this.works)
  }

  private async run(scanId: string, wish: Wish): Promise<void> {
    const { settings } = wish
    const { signal } = this.scans.get(scanId)!.abort
    let error: ErrorPayload | null = null
    try {
      const scan = await this.scan(scanId, wish)
      const { otherFiles, cutShort } = scan
      const excluded = scan.excludedFiles + scan.excludedFolders
      this.count(scanId, { found: scan.files.length, skipped: scan.skipped.length, otherFiles, excluded, cutShort })
      await this.planner.exclusively(() => this.queue(scan, settings, signal))
    } catch (thrown) {
      // What the scan throws when it is cancelled is the signal's own reason.
      error = (signal.aborted ? new AppError('E_CANCELLED') : toAppError(thrown)).toPayload()
    }
    const last = { ...this.scans.get(scanId)!.view, done: true, error }
    this.scans.delete(scanId)
    this.push({ topic: 'scan', scan: last })
  }

  private async scan(scanId: string, wish: Wish): Promise<ScanResult> {
    let toldAt = performance.now()
    return scanInputs(wish.paths, {
      ...(await this.scanOptions(wish)),
      forgiving: true,
      signal: this.scans.get(scanId)!.abort.signal,
      onCount: (found, skipped, otherFiles) => {
        if (performance.now() - toldAt < PUSH_MS) return
        toldAt = performance.now()
        this.push({ topic: 'scan', scan: this.count(scanId, { found, skipped, otherFiles }) })
      }
    })
  }

  /** What is in a folder, for one that is watched: nothing is queued, nothing told. Throws where it cannot be read. */
  async look(folder: string, wish: Omit<Wish, 'paths'>, signal: AbortSignal): Promise<ScanResult> {
    return scanInputs([folder], { ...(await this.scanOptions(wish)), signal })
  }

  /** Queues these files of a folder, but for those that the list has in this very state; answers how many. */
  async addOnly(folder: string, files: readonly ScannedFile[], wish: AddWish): Promise<number> {
    const listed = new Set(this.store.state.jobs.map((job) => keyOf(job.identity)))
    const fresh = files.filter((file) => !listed.has(keyOf(file.identity)))
    if (fresh.length === 0) return 0
    await this.planner.exclusively(() => this.queue({ files: fresh, folders: [folder] }, wish.settings, wish.signal))
    return fresh.length
  }

  private async scanOptions({ settings, patterns }: Omit<Wish, 'paths'>): Promise<ScanOptions> {
    const { place, folder, subfolder } = settings.output
    const known = await this.knownOutputs()
    return {
      recursive: true,
      patterns,
      outDir: place === 'folder' || place === 'tree' ? folder : null,
      outSubfolder: place === 'subfolder' ? subfolder : null,
      isKnownOutput: (full) => known.has(pathKey(full))
    }
  }

  private count(scanId: string, changes: Partial<ScanView>): ScanView {
    const scan = this.scans.get(scanId)!
    scan.view = { ...scan.view, ...changes }
    return scan.view
  }

  /** What the queue's jobs write or have written: beside their sources they would be taken for inputs. */
  private async knownOutputs(): Promise<ReadonlySet<string>> {
    const known = new Set<string>()
    for (const [n, { outputPath, status }] of this.store.state.jobs.entries()) {
      await breathe(n)
      if (outputPath !== null) known.add(pathKey(outputPath))
      if (status.kind === 'done') known.add(pathKey(status.result.outputPath))
    }
    return known
  }

  private async queue(
    scan: Pick<ScanResult, 'files' | 'folders'>,
    settings: JobSettings,
    signal: AbortSignal
  ): Promise<void> {
    const isOpen = ({ kind }: Job['status']): boolean => kind === 'pending' || kind === 'running'
    const waiting = new Set(this.store.state.jobs.filter((job) => isOpen(job.status)).map((job) => keyOf(job.identity)))
    const files = scan.files.filter((file) => !waiting.has(keyOf(file.identity)))
    const named = files.map((file): ScannedFile & { id: string } => ({ ...file, id: randomUUID() }))
    const jobs = await this.planner.newJobs(named, scan.folders, settings)
    if (signal.aborted) {
      this.planner.claims.removeInputs(named)
      for (const { id, outputPath } of jobs) if (outputPath) this.planner.claims.release(outputPath, id)
      throw new AppError('E_CANCELLED')
    }
    const settingsKey = settingsKeyOf(settings)
    for (let n = 0; n < jobs.length; n += JOBS_AN_EVENT) {
      const some = jobs.slice(n, n + JOBS_AN_EVENT)
      this.store.dispatch({ type: 'jobsAdded', jobs: some, settingsKey, settings })
      await nextTurn()
    }
  }
}

function keyOf({ device, inode, sizeBytes, modifiedNs }: SourceIdentity): string {
  return `${device}:${inode}:${sizeBytes}:${modifiedNs}`
}
