import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** What a package says of itself. `licence` and `text` are null where it says nothing. */
export interface PackageFacts {
  readonly name: string
  readonly version: string
  readonly licence: string | null
  readonly text: string | null
  readonly notices: string | null
}

const LICENCE_NAME = /^(licen[cs]e|copying)([.-](md|txt|mit|bsd|apache))*$/iu
const NOTICE_NAME = /^(notice|third[-_]?party[-_]?(licen[cs]es?|notices?))(\.(md|txt))?$/iu

/** The folder of the package that a module comes from, the innermost one; null for modules of our own. */
export function packageFolderOf(moduleId: string): string | null {
  const file = moduleId.replaceAll('\\', '/').replace(/^\0/u, '').split('?')[0]!
  const at = file.lastIndexOf('/node_modules/')
  if (at < 0) return null
  const [first = '', second = ''] = file.slice(at + '/node_modules/'.length).split('/')
  const name = first.startsWith('@') ? `${first}/${second}` : first
  return `${file.slice(0, at)}/node_modules/${name}`
}

/** Reads package.json and the licence files beside it. Throws where there is no package. */
export function readPackage(folder: string): PackageFacts {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license?: string
  }
  const names = readdirSync(folder).sort()
  const read = (pattern: RegExp): string | null => {
    const found = names.filter((name) => pattern.test(name))
    const texts = found.map((name) => readFileSync(path.join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim())
    return texts.length === 0 ? null : texts.join('\n\n')
  }
  const { name, version, license: licence = null } = manifest
  return { name, version, licence, text: read(LICENCE_NAME), notices: read(NOTICE_NAME) }
}

/** The packages of many modules, each version once. */
export function readPackages(folders: Iterable<string>): PackageFacts[] {
  const found = [...new Set(folders)].filter((folder) => existsSync(path.join(folder, 'package.json'))).map(readPackage)
  return [...new Map(found.map((facts) => [`${facts.name}@${facts.version}`, facts])).values()]
}
