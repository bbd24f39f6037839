import { AppError } from '../../shared/errors/appError'
import type { ShippedPart } from '../../shared/ipc/licenceViews'
import type { Outlook } from '../../shared/ipc/outlookViews'
import type { Preflight, Snapshot } from '../../shared/ipc/views'
import type { AppSettings, SettingsPatch } from '../../shared/settings/appSettings'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { KeptSounds } from '../jobs/keptSounds'
import { isModelPath } from '../models/library'
import type { Adder } from './adder'
import type { CoreHandlers } from './coreOptions'
import type { QueueService } from './queueService'
import type { Services } from './services'

/** What the handlers ask of the core itself. */
export interface CoreFace {
  readonly settings: AppSettings
  addPaths(paths: readonly string[]): Promise<{ readonly scanId: string }>
  snapshot(): Promise<Snapshot>
  licences(): Promise<readonly ShippedPart[]>
  startQueue(): Promise<void>
  recover(choice: 'continue' | 'keep' | 'discard'): Promise<void>
  preflight(settings: JobSettings): Promise<Preflight>
  outlook(): Promise<Outlook>
  patchSettings(patch: SettingsPatch): Promise<AppSettings>
  retryEngine(): Promise<void>
}

/** One function for every route that needs no Electron API. */
export function coreHandlers(
  core: CoreFace,
  parts: { queue: QueueService; adder: Adder; services: Services; kept: KeptSounds }
): CoreHandlers {
  const { queue, adder, services, kept } = parts
  return {
    ...services.handlers,
    'app.snapshot': () => core.snapshot(),
    'app.licences': () => core.licences(),
    'queue.addPaths': ({ paths }) => core.addPaths(paths),
    'queue.cancelScan': ({ scanId }) =>
      doing(() => {
        adder.cancel(scanId)
      }),
    'queue.start': () =>
      doing(() => {
        return core.startQueue()
      }),
    'queue.pause': () =>
      doing(() => {
        queue.pause()
      }),
    'queue.resume': () =>
      doing(() => {
        queue.resume()
      }),
    'queue.stop': () =>
      doing(() => {
        return queue.stop()
      }),
    'queue.stopAfter': ({ on }) =>
      doing(() => {
        queue.stopAfter(on)
      }),
    'queue.cancel': ({ jobIds }) =>
      doing(() => {
        queue.cancel(jobIds)
      }),
    'queue.retry': ({ jobIds }) =>
      doing(() => {
        return queue.retry(jobIds)
      }),
    'queue.changeStrength': ({ jobIds, ...reduction }) =>
      doing(async () => {
        await queue.changeStrength(jobIds, reduction)
        await core.startQueue()
      }),
    'queue.remove': ({ jobIds }) =>
      doing(() => {
        queue.remove(jobIds)
      }),
    'queue.move': ({ jobIds, beforeId }) =>
      doing(() => {
        queue.move(jobIds, beforeId)
      }),
    'queue.runNext': ({ jobIds }) =>
      doing(() => {
        queue.runNext(jobIds)
      }),
    'queue.clearFinished': () =>
      doing(() => {
        queue.clearFinished()
      }),
    'queue.applySettings': () =>
      doing(() => {
        return queue.applySettings(core.settings.job)
      }),
    'queue.preflight': ({ settings }) => core.preflight(settings),
    'queue.outlook': () => core.outlook(),
    'queue.recover': ({ choice }) =>
      doing(() => {
        return core.recover(choice)
      }),
    'settings.patch': async (patch) => {
      refusePaths(patch, core.settings)
      return core.patchSettings(patch)
    },
    'kept.size': async () => ({ bytes: await kept.sizeBytes() }),
    'kept.clear': () => doing(() => kept.clear()),
    'engine.retry': () =>
      doing(() => {
        return core.retryEngine()
      })
  }
}

/**
 * What main starts or loads is chosen in main's own dialogs: a page that fell into wrong hands may not name a program or a model
 * file. Throws `E_BAD_REQUEST`.
 */
function refusePaths({ ffmpegPath, watchedFolder, job }: SettingsPatch, now: AppSettings): void {
  const namesProgram = typeof ffmpegPath === 'string' && ffmpegPath !== now.ffmpegPath
  const namesFile = job?.modelId !== undefined && job.modelId !== now.job.modelId && isModelPath(job.modelId)
  const namesFolder = typeof watchedFolder === 'string' && watchedFolder !== now.watchedFolder
  if (namesFolder) throw new AppError('E_BAD_REQUEST', { detail: 'a watched folder is chosen in the dialog' })
  if (namesProgram) throw new AppError('E_BAD_REQUEST', { detail: 'a program is chosen in the dialog' })
  if (namesFile) throw new AppError('E_BAD_REQUEST', { detail: 'a model is named by its id' })
}

/** The answer of a route that has nothing to say. */
async function doing(work: () => Promise<void> | void): Promise<null> {
  await work()
  return null
}
