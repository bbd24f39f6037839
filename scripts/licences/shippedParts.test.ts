import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { Catalog } from '../../src/main/models/catalog'
import { ShippedParts, type ShippedPart } from '../../src/shared/ipc/licenceViews'
import { projectRoot } from '../projectRoot'
import { cycloneDx } from './cycloneDx'
import { packageFolderOf, readPackage } from './packageFacts'
import { copiedPackages, problemsOf } from './shippedParts'

const from = (...names: string[]): string => path.join(projectRoot, ...names)
const read = (...names: string[]): string => readFileSync(from(...names), 'utf8')
const isBuilt = existsSync(from('out', 'licences.json'))
if (!isBuilt) console.info('skipped in part: out/licences.json is not there (npm run build)')

const PART: ShippedPart = { name: 'a', version: '1.0.0', kind: 'package', licence: 'MIT', text: 'Terms', notices: null }

describe('what may not ship', () => {
  it('is a part without a text, or under terms that are not on the list (a GPL library that slips in)', () => {
    expect(problemsOf([PART, { ...PART, licence: '(GPL-3.0-only OR ISC)' }])).toEqual([])
    expect(problemsOf([{ ...PART, text: ' \n' }])).toEqual(['a 1.0.0 has no licence text'])
    for (const licence of ['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'SEE LICENSE IN x', 'LGPL-2.1-or-later', ''])
      expect(problemsOf([{ ...PART, licence }]), licence).toHaveLength(1)
    expect(problemsOf([{ ...PART, kind: 'program', licence: 'LGPL-2.1-or-later' }])).toEqual([])
  })
})

describe('the package of a module', () => {
  it('is the innermost one, with its scope (a nested copy told under its parent’s name)', () => {
    expect(packageFolderOf('/p/node_modules/a/node_modules/@s/b/dist/x.mjs?v=1')).toBe(
      '/p/node_modules/a/node_modules/@s/b'
    )
    expect(packageFolderOf('C:\\p\\node_modules\\vue\\index.js')).toBe('C:/p/node_modules/vue')
    expect(packageFolderOf('/p/src/main.ts')).toBeNull()
  })

  it('tells no text where there is none (a part that passes with an empty licence)', () => {
    const { text, licence } = readPackage(from('node_modules', 'onnxruntime-node'))
    expect({ text, licence }).toEqual({ text: null, licence: 'MIT' })
    const empty = mkdtempSync(path.join(tmpdir(), 'stillwave-licences-'))
    expect(() => readPackage(empty)).toThrow('package.json')
    rmSync(empty, { recursive: true })
  })
})

describe.skipIf(!isBuilt)('the licences of the build', () => {
  const parts = isBuilt ? ShippedParts.parse(JSON.parse(read('out', 'licences.json'))) : []
  const names = new Set(parts.map(({ name }) => name))

  it('have a text and terms that may ship, for every part', () => {
    expect(problemsOf(parts)).toEqual([])
  })

  it('name every package that the bundles ask for at run time (a library that is shipped beside them and nobody credits)', () => {
    const bundles = ['main', 'preload'].flatMap((target) =>
      readdirSync(from('out', target), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.c?js$/u.test(name))
        .map((name) => read('out', target, name))
    )
    const asked = bundles.flatMap((text) =>
      [...text.matchAll(/(?:\bfrom|\bimport|\brequire\() ?["']((?:@[\w.-]+\/)?[\w-][\w.-]*)["']/gu)].map(
        ([, name]) => name!
      )
    )
    expect(asked).toContain('onnxruntime-node')
    const foreign = asked.filter((name) => !builtinModules.includes(name))
    expect(foreign.filter((name) => !names.has(name))).toEqual([])
  })

  it('name what the package copies, what it depends on, the window’s libraries, the runtime and the models', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    const copied = copiedPackages(read('build', 'electron-builder.yml'))
    expect(copied.sort()).toEqual(['onnxruntime-common', 'onnxruntime-node'])
    const { models } = Catalog.parse(JSON.parse(read('models', 'catalog.json')))
    const window = ['vue', 'vue-i18n', 'pinia', 'reka-ui', 'uplot', 'lucide-vue-next', 'tailwindcss', '@vueuse/core']
    const expected = [...Object.keys(dependencies), ...copied, ...window, 'electron', ...models.map(({ name }) => name)]
    expect(expected.filter((name) => !names.has(name))).toEqual([])
  })

  it('carry ONNX Runtime’s notices and the sources of the model’s recordings (terms that ask to be told)', () => {
    const notices = (name: string): string => parts.find((part) => part.name === name)?.notices ?? ''
    expect(notices('onnxruntime-node').length).toBeGreaterThan(100_000)
    expect(notices('FRCRN-lite')).toContain('CC BY 4.0')
  })

  it('are the list of parts too: the same names, versions and terms, each with a reference of its own', () => {
    const { components } = cycloneDx({ name: 'stillwave', version: '0.1.0' }, parts)
    const seen = components.map(({ name, version = null, licenses: [one] }) => ({
      ...{ name, version },
      licence: 'license' in one ? one.license.id : one.expression
    }))
    expect(seen).toEqual(parts.map(({ name, version, licence }) => ({ name, version, licence })))
    expect(new Set(components.map((part) => part['bom-ref'])).size).toBe(parts.length)
    expect(components.find(({ name }) => name === '@vue/shared')?.purl).toMatch(/^pkg:npm\/%40vue\/shared@\d/u)
  })
})

it('says the same scores in the catalogue, on the model’s card and in the README (a figure that was left behind)', () => {
  const { models } = Catalog.parse(JSON.parse(read('models', 'catalog.json')))
  for (const { id, name, scores } of models) {
    expect(scores, id).toBeDefined()
    const { siSdrDb, stoi, pairs } = scores!
    const row = new RegExp(`^\\| ${name} +\\| ${siSdrDb.toFixed(2)} +\\| ${stoi.toFixed(3)} +\\|`, 'mu')
    expect(read('models', `${id}.md`), id).toMatch(row)
    expect(read('models', `${id}.md`), id).toContain(`Means over ${pairs} pairs`)
    expect(read('README.md'), id).toMatch(row)
  }
})
