import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { WatchTrouble } from '../../shared/ipc/views'
import { FolderWatch } from '../jobs/folderWatch'
import { scanInputs, type ScannedFile } from '../jobs/scanInputs'
import { UsageError, type DenoiseArgs } from './args'
import { EXIT_CANCELLED } from './interruption'
import type { Screen } from './screen'
import { shownPath } from './words'

export interface WatchWork {
  readonly args: DenoiseArgs
  readonly screen: Screen
  readonly signal: AbortSignal
  /** Cleans these files of the inputs; answers with the exit code that a run of them alone would have. */
  readonly denoise: (only: ReadonlySet<string>) => Promise<number>
}

const TROUBLES: Readonly<Record<WatchTrouble, string>> = {
  gone: 'is not there now. Waiting for it to come back.',
  unmounted: 'is a bare mount point now: its disk is gone. Waiting for it to come back.',
  unreadable: 'cannot be read now: check its permissions and its disk. Waiting until it can be read.'
}

/** Cleans what is in the folders and what comes into them, until it is interrupted. Answers with the worst exit code of its runs. */
export async function watchFolders({ args, screen, signal, denoise }: WatchWork): Promise<number> {
  const folders = args.inputs.map((input) => path.resolve(input))
  for (const folder of folders) await checkFolder(folder)
  const names = folders.map(shownPath).join(', ')
  const watch = new FolderWatch([...new Set(folders)], {
    everyMs: args.watchSec * 1000,
    look: (folder) => lookInto(folder, args, signal),
    onTrouble: (folder, trouble) => {
      screen.error(`${shownPath(folder)} ${TROUBLES[trouble]}`)
    },
    onBack: (folder) => {
      screen.line(`${shownPath(folder)} is back.`)
    },
    signal
  })
  screen.line(`Watching ${names}. Ctrl-C ends it.`)
  let worst = 0
  for (let files = await watch.next(); files !== null; files = await watch.next()) {
    const code = await denoise(new Set(files.map((file) => file.path))).catch(async (thrown: unknown) => {
      // The folder, or the one of the results, went in this very moment: it is told, and tried again.
      if (!(thrown instanceof UsageError) || signal.aborted) throw thrown
      screen.error(thrown.message)
      await watch.giveBack(files)
      return null
    })
    if (code === null) continue
    if (code === EXIT_CANCELLED) return code
    // Gone with their disk, perhaps: they are done when it is back.
    const gone = await notThere(files)
    if (gone.length > 0) await watch.giveBack(gone)
    worst = Math.max(worst, code)
    screen.line('Waiting for more files.')
  }
  return worst
}

async function checkFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch(() => null) // Not there is as bad as not a folder.
  if (!stats?.isDirectory()) throw new UsageError(`--watch: ${shownPath(folder)} is not a folder`)
}

async function notThere(files: readonly ScannedFile[]): Promise<readonly ScannedFile[]> {
  const gone: ScannedFile[] = []
  for (const file of files) if ((await stat(file.path).catch(() => null)) === null) gone.push(file)
  return gone
}

function lookInto(
  folder: string,
  { recursive, patterns, out }: DenoiseArgs,
  signal: AbortSignal
): ReturnType<typeof scanInputs> {
  const outDir = out === null ? null : path.resolve(out)
  return scanInputs([folder], { recursive, outDir, signal, patterns })
}
