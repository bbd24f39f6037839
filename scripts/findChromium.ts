import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** How to get one where there is none. */
export const HOW_TO_INSTALL = 'Install one with `apt-get install chromium`, or `npx playwright-core install chromium`.'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** A Chromium of this machine: STILLWAVE_CHROMIUM, one in PATH, or Playwright's own; null where there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const named = env.STILLWAVE_CHROMIUM
  if (named !== undefined && named !== '') {
    if (!runs(named)) throw new Error(`STILLWAVE_CHROMIUM names ${named}, which cannot be run`)
    return named
  }
  const folders = [...(env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin'].filter((folder) => folder !== '')
  const inPath = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
  const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
  return [...inPath, mac, ...playwrightOwn(env)].find(runs) ?? null
}

function playwrightOwn(env: NodeJS.ProcessEnv): readonly string[] {
  const cache = env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), '.cache', 'ms-playwright')
  if (!existsSync(cache)) return []
  const versions = readdirSync(cache)
    .filter((name) => name.startsWith('chromium-'))
    .sort()
    .reverse()
  return versions.flatMap((name) => [
    join(cache, name, 'chrome-linux64', 'chrome'),
    join(cache, name, 'chrome-linux', 'chrome')
  ])
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
