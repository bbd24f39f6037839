import path from 'node:path'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import { isWritten, type Outlook, type OutlookFile } from '../../shared/ipc/outlookViews'
import type { Job } from '../../shared/jobs/job'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { isNumbered } from '../../shared/settings/namePattern'
import { desiredName } from '../jobs/desiredPath'
import { numberedPath, pathKey } from '../jobs/fileNames'
import { FolderListings } from '../jobs/folderListings'
import type { OutputClaims } from '../jobs/outputClaims'
import { assertUnchanged } from '../jobs/sourceIdentity'
import { intermediateBytes, outputBytes } from '../jobs/diskNeeds'
import { OutlookDisks } from './outlookDisks'

type UsedSettings = Pick<JobSettings, 'output' | 'modelId' | 'batch'>

export interface OutlookOptions {
  /** The planner's: what it gave to the jobs is theirs. */
  readonly claims: OutputClaims
  /** What a job runs with. */
  readonly settingsOf: (job: Job) => UsedSettings
  /** Without it only sound in PCM is read and written. */
  readonly hasFfmpeg: boolean
}

/** Sources that are looked at together. */
const AT_ONCE = 32
const NEEDS_FFMPEG: ReadonlySet<string> = new Set(['flac', 'mp3', 'm4a', 'opus'])

/**
 * What a run of these jobs would do now: the places are those that the planner gave, the disk is looked at as the run itself
 * would. The command's dry run and the window's list are this. Writes nothing; never rejects for a file.
 */
export async function outlookOf(jobs: readonly Job[], options: OutlookOptions): Promise<Outlook> {
  const look = new Look(options)
  const files: OutlookFile[] = []
  for (let n = 0; n < jobs.length; n += AT_ONCE) {
    const some = jobs.slice(n, n + AT_ONCE)
    const errors = await Promise.all(some.map((job) => look.errorOf(job)))
    // One after the other: who comes first has the name.
    for (const [at, job] of some.entries()) files.push(await look.at(job, errors[at]!))
  }
  return { files, disks: look.disks.views }
}

class Look {
  readonly disks = new OutlookDisks()
  private readonly listings = new FolderListings()
  /** Names that files of this very list give way to. */
  private readonly given = new Set<string>()

  constructor(private readonly options: OutlookOptions) {}

  /** What the run would fail with, as far as it shows before it; null where nothing does. */
  async errorOf(job: Job): Promise<ErrorPayload | null> {
    if (job.status.kind === 'failed') return job.status.error
    if (job.probe?.ok === false) return job.probe.error
    const { format } = this.options.settingsOf(job).output
    if (!this.options.hasFfmpeg && NEEDS_FFMPEG.has(format)) {
      return new AppError('E_NO_FFMPEG', { path: job.inputPath }).toPayload()
    }
    try {
      await assertUnchanged(job.inputPath, job.identity)
    } catch (thrown) {
      return toAppError(thrown).toPayload()
    }
    return job.outputPath === null ? null : this.disks.errorOf(path.dirname(job.outputPath))
  }

  async at(job: Job, error: ErrorPayload | null): Promise<OutlookFile> {
    const { id: jobId, inputPath: input, outputPath, probe } = job
    const durationSec = probe?.ok ? probe.info.durationSec : null
    const facts = { jobId, input, durationSec, wanted: null }
    const cannot = (why: ErrorPayload): OutlookFile => ({
      ...facts,
      output: null,
      act: 'cannot',
      error: why,
      bytes: null
    })
    if (error !== null) return cannot(error)
    if (outputPath === null) return cannot(new AppError('E_INTERNAL', { detail: `${jobId} has no place` }).toPayload())
    const settings = this.options.settingsOf(job)
    const found = await this.place(job, outputPath, settings)
    if (found.act === 'cannot') {
      return cannot(new AppError('E_SAME_FILE', { path: input, detail: outputPath }).toPayload())
    }
    const bytes = isWritten(found) ? Math.round(outputBytes(job, settings.output)) : null
    if (bytes !== null) {
      const passing = intermediateBytes(job, settings.output) * settings.batch
      await this.disks.add(path.dirname(found.output), { bytes, passing })
    }
    return { ...facts, ...found, error: null, bytes }
  }

  /** As `QueueRunner` and `commitOutput` decide it. */
  private async place(
    job: Job,
    planned: string,
    { output, modelId }: UsedSettings
  ): Promise<Pick<OutlookFile, 'act' | 'wanted'> & { readonly output: string }> {
    const isThere = await this.listings.has(planned)
    const wished = wishedName(job, { output, modelId })
    const nameAt = (target: string): Pick<OutlookFile, 'act' | 'wanted'> & { readonly output: string } => {
      const isWished = wished === null || pathKey(wished) === pathKey(path.basename(target))
      return { output: target, act: isWished ? 'new' : 'renamed', wanted: isWished ? null : wished }
    }
    if (!isThere) return nameAt(planned)
    switch (output.onExists) {
      case 'skip':
        return { output: planned, act: 'skipped', wanted: null }
      case 'rename': {
        const target = await this.nextFree(job, planned)
        return { output: target, act: 'renamed', wanted: wished ?? path.basename(planned) }
      }
      case 'overwrite':
      case 'changed': {
        if (await this.options.claims.isInput(planned)) return { output: planned, act: 'cannot', wanted: null }
        return { output: planned, act: output.onExists === 'changed' ? 'ifChanged' : 'replaced', wanted: null }
      }
    }
  }

  /** Something took the planned name since. */
  private async nextFree({ id }: Job, planned: string): Promise<string> {
    const { claims } = this.options
    for (let n = 2; ; n++) {
      const candidate = numberedPath(planned, n)
      const key = pathKey(candidate)
      if (this.given.has(key) || claims.isTaken(candidate, id) || (await claims.isInput(candidate))) continue
      if (await this.listings.has(candidate)) continue
      this.given.add(key)
      return candidate
    }
  }
}

/** The name by the pattern alone; null where it hangs on the file's number, which makes it its own. */
function wishedName(job: Job, { output, modelId }: Pick<UsedSettings, 'output' | 'modelId'>): string | null {
  if (isNumbered(output.pattern)) return null
  const { inputPath, root, relativePath, explicit } = job
  const context = { output, modelId, bases: new Map<string, string>(), platform: process.platform, now: new Date() }
  return desiredName({ path: inputPath, root, relativePath, explicit }, { ...context, number: 1, count: 1 })
}
