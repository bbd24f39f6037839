import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { AppError } from '../shared/errors/appError'

/** What a release holds outside its archive, by its path from the resources folder (`/` between names): lower-case SHA-256. */
export const ResourceHashes = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/))
export type ResourceHashes = z.infer<typeof ResourceHashes>

/** Where the hashes lie in the archive; made by `npm run pack`. */
export const HASHES_NAME = path.join('out', 'resources.json')

/** Hashes every file below `folder`; keys begin with `prefix`. */
export function hashesOf(
  folder: string,
  prefix: string,
  isTaken: (name: string) => boolean = () => true
): ResourceHashes {
  const found: [string, string][] = []
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !isTaken(entry.name)) continue
    const full = path.join(entry.parentPath, entry.name)
    const name = path.relative(folder, full).replaceAll(path.sep, '/')
    found.push([`${prefix}/${name}`, sha256(readFileSync(full))])
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Compares everything outside the archive with the hashes inside it (RELIABILITY S17), before anything of it is loaded. Throws
 * `E_INSTALLATION` with the first file that is missing or another.
 */
export async function checkInstallation(appRoot: string, resourcesFolder: string): Promise<void> {
  const hashes = ResourceHashes.parse(JSON.parse(await readFile(path.join(appRoot, HASHES_NAME), 'utf8')))
  for (const [name, expected] of Object.entries(hashes)) {
    const full = path.join(resourcesFolder, ...name.split('/'))
    const bytes = await readFile(full).catch((error: unknown) => {
      throw new AppError('E_INSTALLATION', { path: full, detail: `${full} cannot be read` }, error)
    })
    if (sha256(bytes) !== expected) throw new AppError('E_INSTALLATION', { path: full, detail: `${full} was changed` })
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
