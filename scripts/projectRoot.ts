import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The project's folder: the nearest one above this code, source or bundle, that has a package.json. */
export const projectRoot = nearest(import.meta.dirname)

function nearest(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  if (dirname(folder) === folder) throw new Error('no package.json above the scripts')
  return nearest(dirname(folder))
}
