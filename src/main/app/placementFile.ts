import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { SavedPlacement } from './placement'

/** Null where there is none, or none that can be read: the window then opens as on the first day. */
export function readPlacement(filePath: string): SavedPlacement | null {
  try {
    const parsed = SavedPlacement.safeParse(JSON.parse(readFileSync(filePath, 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Written beside and renamed: a half file would lose the place. Throws what the file system says. */
export function writePlacement(filePath: string, placement: SavedPlacement): void {
  const besidePath = `${filePath}.new`
  writeFileSync(besidePath, JSON.stringify(placement))
  renameSync(besidePath, filePath)
}
