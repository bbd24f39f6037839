import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Catalog } from '../../src/main/models/catalog'
import type { ShippedPart } from '../../src/shared/ipc/licenceViews'
import { BUNDLED_FOLDER } from './bundledPackages'
import { readPackage, type PackageFacts } from './packageFacts'

/** Terms that the product may ship under. */
const ALLOWED = new Set(
  'MIT ISC BSD-2-Clause BSD-3-Clause Apache-2.0 0BSD CC0-1.0 BlueOak-1.0.0 Unlicense Zlib'.split(' ')
)
/** Those of a program that is only started, and that its user can put another in place of. */
const ALLOWED_PROGRAM = new Set([...ALLOWED, 'LGPL-2.1-or-later'])

export interface ShippedOptions {
  readonly root: string
  /** `linux-x64`, for what only a package of that platform holds; null leaves it out. */
  readonly platform: string | null
}

/** Everything by others that is in a release, by name. Where a text is missing it is empty: {@link problemsOf} says so. */
export function shippedParts({ root, platform }: ShippedOptions): ShippedPart[] {
  const from = (...names: string[]): string => path.join(root, ...names)
  const bundled = ['main', 'preload', 'renderer'].flatMap(
    (target) => JSON.parse(readFileSync(from(BUNDLED_FOLDER, `${target}.json`), 'utf8')) as PackageFacts[]
  )
  const copied = copiedPackages(readFileSync(from('build', 'electron-builder.yml'), 'utf8')).map((name) =>
    readPackage(from('node_modules', name))
  )
  const packages = [...bundled, ...copied].map((facts) => partOf(facts, from('build', 'licences')))
  const unique = new Map(packages.map((part) => [`${part.name}@${part.version ?? ''}`, part]))
  const all = [...unique.values(), electronPart(root), ...modelParts(root), ...ffmpegPart(root, platform)]
  return all.sort(
    (a, b) => a.name.localeCompare(b.name, 'en') || (a.version ?? '').localeCompare(b.version ?? '', 'en')
  )
}

/** What may not ship: parts without a text, or under terms that are not on the list. */
export function problemsOf(parts: readonly ShippedPart[]): string[] {
  return parts.flatMap(({ name, version, kind, licence, text }) => {
    const title = [name, version].filter((word) => word !== null).join(' ')
    const allowed = kind === 'program' ? ALLOWED_PROGRAM : ALLOWED
    return [
      ...(text.trim() === '' ? [`${title} has no licence text`] : []),
      ...(isAllowed(licence, allowed) ? [] : [`${title} is under ${licence || 'no licence'}, which is not on the list`])
    ]
  })
}

/** Of `A OR B` one is enough, of `A AND B` all count. */
function isAllowed(licence: string, allowed: ReadonlySet<string>): boolean {
  const plain = licence.replaceAll(/[()]/gu, '')
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every((one) => allowed.has(one.trim())))
}

/** The packages that electron-builder copies as they are: `files` names them one by one. */
export function copiedPackages(builderYml: string): string[] {
  const names = [...builderYml.matchAll(/^ {2}- node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//gmu)].map(([, name]) => name!)
  return [...new Set(names)]
}

/** ONNX Runtime's packages come without their texts, which lie in build/licences under the version that they are of. */
function partOf(facts: PackageFacts, texts: string): ShippedPart {
  const kept = path.join(texts, `${facts.name.replace(/-(node|common)$/u, '')}-${facts.version}`)
  const read = (full: string): string | null => (existsSync(full) ? readFileSync(full, 'utf8').trim() : null)
  return {
    name: facts.name,
    version: facts.version,
    kind: 'package',
    licence: facts.licence ?? '',
    text: facts.text ?? read(`${kept}.txt`) ?? '',
    notices: facts.notices ?? (facts.name.endsWith('-node') ? read(`${kept}.notices.txt`) : null)
  }
}

function electronPart(root: string): ShippedPart {
  const { name, version, licence, text } = readPackage(path.join(root, 'node_modules', 'electron'))
  const notices =
    'Electron holds Chromium, Node.js and many parts by others. Their licences are in the file LICENSES.chromium.html of ' +
    `Electron's own distribution, version ${version}: https://github.com/electron/electron/releases/tag/v${version}`
  return { name, version, kind: 'runtime', licence: licence ?? '', text: text ?? '', notices }
}

/** The bundled models are our own, under the program's licence; their cards name the recordings that they learned from. */
function modelParts(root: string): ShippedPart[] {
  const { models } = Catalog.parse(JSON.parse(readFileSync(path.join(root, 'models', 'catalog.json'), 'utf8')))
  const text = readFileSync(path.join(root, 'LICENSE'), 'utf8').trim()
  return models.map(({ id, name, licence }) => {
    const card = readFileSync(path.join(root, 'models', `${id}.md`), 'utf8')
    const data = /^## Data\n([\s\S]*?)(?=^## |(?![\s\S]))/mu.exec(card)?.[1]?.trim()
    return { name, version: null, kind: 'model', licence, text, notices: data ?? null }
  })
}

/** Only where `build/ffmpeg/build.sh` made one for the platform. */
function ffmpegPart(root: string, platform: string | null): ShippedPart[] {
  const folder = path.join(root, 'build', 'ffmpeg', platform ?? '-')
  if (!existsSync(folder)) return []
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8').trim()
  const notice = read('NOTICE.txt')
  const others = readdirSync(folder).filter((name) => name.startsWith('LICENSE-') && name !== 'LICENSE-ffmpeg.txt')
  return [
    {
      name: 'ffmpeg',
      version: /^ffmpeg ([\d.]+) is free/mu.exec(notice)?.[1] ?? null,
      kind: 'program',
      licence: 'LGPL-2.1-or-later',
      text: read('LICENSE-ffmpeg.txt'),
      notices: [notice, ...others.sort().map((name) => `${name}\n\n${read(name)}`)].join('\n\n')
    }
  ]
}
