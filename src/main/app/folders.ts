import path from 'node:path'
import { app } from 'electron'
import { switchValue } from './startPlan'

/** Where the built app and the user's data lie. */
export interface AppFolders {
  readonly preloadPath: string
  readonly rendererFolder: string
  readonly iconPath: string
  readonly dataFolder: string
  readonly logFolder: string
}

/** `bundleFolder` is `out/main`. A start may name another place for all data (`--user-data-dir=`); Electron must hear it first of all. */
export function appFolders(bundleFolder: string, argv: readonly string[]): AppFolders {
  const out = path.dirname(bundleFolder)
  const asked = switchValue(argv, 'user-data-dir')
  if (asked !== null) app.setPath('userData', path.resolve(asked))
  const dataFolder = app.getPath('userData')
  return {
    preloadPath: path.join(out, 'preload', 'index.cjs'),
    rendererFolder: path.join(out, 'renderer'),
    iconPath: path.join(path.dirname(out), 'build', 'icon.png'),
    dataFolder,
    logFolder: path.join(dataFolder, 'logs')
  }
}
