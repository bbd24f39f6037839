import path from 'node:path'
import { dialog, type BrowserWindow, type FileFilter, type OpenDialogOptions, type SaveDialogOptions } from 'electron'
import { AUDIO_EXTENSIONS } from '../jobs/audioNames'
import { reportExtension } from '../reports/writeReport'
import type { Words } from './words'

export interface DialogPlace {
  readonly window: () => BrowserWindow | null
  readonly words: () => Words
}

async function open(window: BrowserWindow | null, options: OpenDialogOptions): Promise<readonly string[]> {
  const answer = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options)
  return answer.canceled ? [] : answer.filePaths
}

function audioFilters({ audioFiles, allFiles }: Words['dialogs']): FileFilter[] {
  return [
    { name: audioFiles, extensions: [...AUDIO_EXTENSIONS] },
    { name: allFiles, extensions: ['*'] }
  ]
}

/** Asks for files or folders to add; none where the dialog was left. */
export function pickInputs({ window, words }: DialogPlace, what: 'files' | 'folders'): Promise<readonly string[]> {
  const texts = words().dialogs
  return open(
    window(),
    what === 'files'
      ? { title: texts.pickFiles, filters: audioFilters(texts), properties: ['openFile', 'multiSelections'] }
      : { title: texts.pickFolders, properties: ['openDirectory', 'multiSelections'] }
  )
}

export function pickOutputFolder({ window, words }: DialogPlace, present: string | null): Promise<string | null> {
  return pickFolder(window(), words().dialogs.pickOutput, present)
}

/** Asks for a folder to watch; null where the dialog was left. */
export function pickWatched({ window, words }: DialogPlace, present: string | null): Promise<string | null> {
  return pickFolder(window(), words().dialogs.pickWatched, present)
}

async function pickFolder(
  window: ReturnType<DialogPlace['window']>,
  title: string,
  present: string | null
): Promise<string | null> {
  const [folder] = await open(window, {
    title,
    properties: ['openDirectory', 'createDirectory'],
    ...(present === null ? {} : { defaultPath: present })
  })
  return folder ?? null
}

export async function pickProgram({ window, words }: DialogPlace): Promise<string | null> {
  const filters = process.platform === 'win32' ? { filters: [{ name: 'ffmpeg', extensions: ['exe'] }] } : {}
  const [program] = await open(window(), { title: words().dialogs.pickFfmpeg, properties: ['openFile'], ...filters })
  return program ?? null
}

/** What weights and finished models are called. */
const MODEL_EXTENSIONS = ['pt', 'pth', 'bin', 'ckpt', 'safetensors', 'onnx']

/** Asks for model files to add; none where the dialog was left. */
export function pickModels({ window, words }: DialogPlace): Promise<readonly string[]> {
  const { pickModel, modelFiles, allFiles } = words().dialogs
  const filters = [
    { name: modelFiles, extensions: MODEL_EXTENSIONS },
    { name: allFiles, extensions: ['*'] }
  ]
  return open(window(), { title: pickModel, filters, properties: ['openFile', 'multiSelections'] })
}

/** Asks where a measurement's report goes; null where the dialog was left. */
export function pickReportPath(place: DialogPlace, name: string): Promise<string | null> {
  return save(place, name, [
    { name: 'JSON', extensions: ['json'] },
    { name: place.words().dialogs.reportTable, extensions: ['md'] }
  ])
}

/** Asks where a run's report goes; null where the dialog was left. A name without a known ending gets that of a page. */
export async function pickRunReportPath(place: DialogPlace, name: string): Promise<string | null> {
  const { reportPage, reportCsv } = place.words().dialogs
  const picked = await save(place, name, [
    { name: reportPage, extensions: ['html'] },
    { name: reportCsv, extensions: ['csv'] },
    { name: 'JSON', extensions: ['json'] }
  ])
  return picked === null || reportExtension(picked) !== null ? picked : `${picked}.html`
}

/** Asks where the list of what a run would do goes; null where the dialog was left. */
export async function pickOutlookPath(place: DialogPlace, name: string): Promise<string | null> {
  const { dialogs, outlook } = place.words()
  const picked = await save(place, name, [{ name: dialogs.reportCsv, extensions: ['csv'] }], outlook.title)
  return picked === null || path.extname(picked).toLowerCase() === '.csv' ? picked : `${picked}.csv`
}

/** Asks where a diagnostics archive goes; null where the dialog was left. */
export function pickArchivePath(place: DialogPlace, name: string): Promise<string | null> {
  return save(place, name, [{ name: 'ZIP', extensions: ['zip'] }], place.words().diagnostics.title)
}

async function save(
  place: DialogPlace,
  name: string,
  filters: FileFilter[],
  title = place.words().dialogs.saveReport
): Promise<string | null> {
  const options: SaveDialogOptions = {
    title,
    defaultPath: name,
    filters,
    properties: ['createDirectory', 'showOverwriteConfirmation']
  }
  const present = place.window()
  const answer = present ? await dialog.showSaveDialog(present, options) : await dialog.showSaveDialog(options)
  return answer.canceled || answer.filePath === '' ? null : answer.filePath
}
