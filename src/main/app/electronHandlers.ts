import { clipboard, shell } from 'electron'
import { AppError } from '../../shared/errors/appError'
import type { ElectronHandlers } from '../ipc/handlers'
import { isAudioName } from '../jobs/audioNames'
import { ensureFolder } from '../jobs/folders'
import type { AppCore } from '../core/appCore'
import { exportReport, reportName } from '../bench/exportReport'
import { patternDate } from '../../shared/settings/namePattern'
import { saveWhole } from '../jobs/saveWhole'
import { outlookCsv } from '../reports/outlookTable'
import { writeReport } from '../reports/writeReport'
import { wordsOf } from './words'
import { archiveName, saveArchive } from '../diagnostics/archive'
import type { Gathered } from '../diagnostics/gather'
import {
  pickArchivePath,
  pickInputs,
  pickModels,
  pickOutlookPath,
  pickOutputFolder,
  pickProgram,
  pickReportPath,
  pickRunReportPath,
  pickWatched,
  type DialogPlace
} from './dialogs'

export interface ElectronHandlerOptions {
  readonly core: AppCore
  readonly place: DialogPlace
  readonly logFolder: string
  readonly cancelCountdown: () => void
  /** Looks at the machine and tries the program. */
  readonly gather: () => Promise<Gathered>
}

/** Opens with the system's own program; it says in words what it could not. */
export async function openPath(filePath: string): Promise<void> {
  const failure = await shell.openPath(filePath)
  if (failure !== '') throw new AppError('E_IO', { path: filePath, detail: failure })
}

/** The routes that need Electron. Paths come from core by a job's id, never from the window. */
export function electronHandlers({
  core,
  place,
  logFolder,
  cancelCountdown,
  gather
}: ElectronHandlerOptions): ElectronHandlers {
  let archivePath: string | null = null
  return {
    'queue.pick': async ({ what }) => {
      const paths = await pickInputs(place, what)
      return paths.length === 0 ? null : core.addPaths(paths)
    },
    'queue.watchFolder': async () => {
      const folder = await pickWatched(place, core.settings.watchedFolder)
      return folder === null ? null : core.patchSettings({ watchedFolder: folder })
    },
    'settings.pickFolder': async () => {
      const folder = await pickOutputFolder(place, core.settings.job.output.folder)
      return folder === null ? null : core.patchSettings({ job: { output: { folder } } })
    },
    'settings.pickFfmpeg': async () => {
      const ffmpegPath = await pickProgram(place)
      return ffmpegPath === null ? null : core.patchSettings({ ffmpegPath })
    },
    'job.reveal': async ({ jobId, which }) => {
      shell.showItemInFolder(await core.pathOf(jobId, which))
      return null
    },
    'job.open': async ({ jobId, which }) => {
      const filePath = await core.pathOf(jobId, which)
      // A file that was added by hand may be anything, a program as well: only what a player opens is opened.
      if (!isAudioName(filePath)) throw new AppError('E_UNSUPPORTED', { path: filePath })
      await openPath(filePath)
      return null
    },
    'job.copyReport': async ({ jobId }) => {
      const text = core.reportOf(jobId)
      await clipboard.writeText(text)
      return { text }
    },
    'bench.export': async () => {
      const { report } = core.services.bench
      if (report === null) throw new AppError('E_BAD_REQUEST', { detail: 'nothing was measured yet' })
      const filePath = await pickReportPath(place, reportName(report))
      if (filePath === null) return null
      await exportReport(report, filePath)
      return { path: filePath }
    },
    'queue.saveReport': async () => {
      const report = core.runReport()
      const filePath = await pickRunReportPath(place, `stillwave-${patternDate(new Date())}.html`)
      if (filePath === null) return null
      await writeReport(filePath, report, place.words() === wordsOf('zh-CN', '') ? 'zh-CN' : 'en')
      return { path: filePath }
    },
    'queue.saveOutlook': async () => {
      const text = outlookCsv(await core.outlook())
      const filePath = await pickOutlookPath(place, `stillwave-plan-${patternDate(new Date())}.csv`)
      if (filePath === null) return null
      await saveWhole(filePath, text)
      return { path: filePath }
    },
    'models.pick': async () => {
      const paths = await pickModels(place)
      return paths.length === 0 ? null : core.services.models.addPaths(paths)
    },
    'models.reveal': async ({ id }) => {
      const { models } = core.services
      const folder = models.folderOf(id)
      // Before the first model there is none to show.
      if (id === null) await ensureFolder(folder)
      await openPath(folder)
      return null
    },
    'app.cancelCountdown': () => {
      cancelCountdown()
      return Promise.resolve(null)
    },
    'app.openLogs': async () => {
      await openPath(logFolder)
      return null
    },
    'diagnostics.save': async () => {
      const filePath = await pickArchivePath(place, archiveName(new Date()))
      if (filePath === null) return null
      const saved = await saveArchive(await gather(), filePath)
      archivePath = filePath
      return saved
    },
    'diagnostics.reveal': () => {
      if (archivePath === null) throw new AppError('E_BAD_REQUEST', { detail: 'no archive was saved yet' })
      shell.showItemInFolder(archivePath)
      return Promise.resolve(null)
    }
  }
}
