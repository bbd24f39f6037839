import path from 'node:path'

/** What the app's data folder depends on; the process's own by default. */
export interface DataFolderEnvironment {
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  readonly home: string
}

/** The app's name, as Electron takes it for its folder. */
const APP_NAME = 'stillwave'

/**
 * Where settings and models lie: what `--data` says, or STILLWAVE_DATA, or the folder that Electron gives the app (`userData`), so
 * that the command and the window share their models.
 */
export function dataFolderOf(asked: string | null, { env, platform, home }: DataFolderEnvironment): string {
  const wanted = asked ?? filled(env.STILLWAVE_DATA)
  if (wanted !== null) return path.resolve(wanted)
  return path.join(appDataFolder({ env, platform, home }), APP_NAME)
}

function appDataFolder({ env, platform, home }: DataFolderEnvironment): string {
  if (platform === 'win32') return filled(env.APPDATA) ?? path.join(home, 'AppData', 'Roaming')
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support')
  return filled(env.XDG_CONFIG_HOME) ?? path.join(home, '.config')
}

function filled(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value
}
