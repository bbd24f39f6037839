import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { pathKey } from './fileNames'

/**
 * What lies in folders, read once each: ten thousand questions about one folder cost one look at the disk. Names are compared
 * as any common file system would. Good for one planning; what appears later is the commit's matter.
 */
export class FolderListings {
  private readonly names = new Map<string, Promise<ReadonlySet<string> | null>>()

  /** Whether something of that name (in any spelling) is there. */
  async has(target: string): Promise<boolean> {
    const names = await this.namesIn(path.dirname(target))
    return names === null ? isThere(target) : names.has(pathKey(path.basename(target)))
  }

  /** Null where a folder is there and cannot be listed. */
  private namesIn(folder: string): Promise<ReadonlySet<string> | null> {
    let known = this.names.get(folder)
    if (!known) this.names.set(folder, (known = list(folder)))
    return known
  }
}

async function list(folder: string): Promise<ReadonlySet<string> | null> {
  try {
    return new Set((await readdir(folder)).map(pathKey))
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? error.code : ''
    return errno === 'ENOENT' || errno === 'ENOTDIR' ? new Set() : null
  }
}

async function isThere(target: string): Promise<boolean> {
  return (await lstat(target).catch(() => null)) !== null
}
