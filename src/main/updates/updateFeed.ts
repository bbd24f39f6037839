import { readFileSync } from 'node:fs'
import { bodyOf, hostOf, openSource, SourceFailure } from '../models/downloadRequest'

/** The file that electron-builder puts beside the archive of a release that has a feed; a copy without it asks nobody. */
export const FEED_FILE = 'app-update.yml'

const MAX_BYTES = 64 * 1024
const STALL_MS = 15_000
const VERSION = /^version:\s*['"]?(\d+\.\d+\.\d+)['"]?\s*$/mu
const ADDRESS = /^url:\s*['"]?([^\s'"]+)['"]?\s*$/mu

/** The feed's folder, with a slash at its end; null where the file is missing or names none. */
export function readFeed(filePath: string): string | null {
  try {
    const address = ADDRESS.exec(readFileSync(filePath, 'utf8'))?.[1]
    if (address === undefined || !URL.canParse(address)) return null
    return address.endsWith('/') ? address : `${address}/`
  } catch {
    return null
  }
}

/** The list of the newest release, by electron-builder's names for the platforms. */
export function listName(platform: NodeJS.Platform, arch: string): string {
  if (platform === 'darwin') return 'latest-mac.yml'
  if (platform !== 'linux') return 'latest.yml'
  return arch === 'x64' ? 'latest-linux.yml' : `latest-linux-${arch}.yml`
}

/** The newest version that `feed` offers this machine, as `major.minor.patch`. Throws `SourceFailure`. */
export async function newestVersion(feed: string, signal: AbortSignal): Promise<string> {
  const address = new URL(listName(process.platform, process.arch), feed).href
  const host = hostOf(address)
  const response = await openSource(address, { headers: {}, stallMs: STALL_MS, maxRedirects: 5, signal })
  if (response.statusCode !== 200) {
    response.destroy()
    throw new SourceFailure(`${host}: status ${response.statusCode ?? 0}`, false)
  }
  let text = ''
  for await (const chunk of bodyOf(response, host, STALL_MS)) {
    text += chunk.toString('utf8')
    if (text.length > MAX_BYTES)
      throw new SourceFailure(`${host}: an answer of more than ${MAX_BYTES / 1024} kB`, false)
  }
  const version = VERSION.exec(text)?.[1]
  if (version === undefined) throw new SourceFailure(`${host}: an answer without a version`, false)
  return version
}

/** Whether `one` is a later version than `other`; each `major.minor.patch`, what follows is not looked at. */
export function isNewer(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)]
  const at = a.findIndex((part, i) => part !== b[i])
  return at >= 0 && a[at]! > b[at]!
}

function partsOf(version: string): readonly number[] {
  return version.split(/[.+-]/u, 3).map(Number)
}
