import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelLibrary, type Catalog } from './library'

const BUNDLED = path.resolve(import.meta.dirname, '../../../models')

let folder: string
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'stillwave-models-'))))
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const put = (name: string, text = 'model'): string => {
  writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}
const catalogue = (bytes: number): void => {
  const entry = { bytes, sha256: 'a'.repeat(64) }
  const catalog: Catalog = {
    version: 1,
    default: 'm',
    models: [
      {
        id: 'm',
        name: 'M',
        licence: 'x',
        chunkSec: 0.75,
        memory: null,
        onePass: { file: 'm.onnx', ...entry },
        stateful: { file: 's.onnx', ...entry }
      }
    ],
    offers: []
  }
  put('catalog.json', JSON.stringify(catalog))
}

describe('ModelLibrary', () => {
  it('finds a bundled model by its id, and the default, with their hashes', async () => {
    catalogue(5)
    put('m.onnx')
    put('s.onnx')
    const library = new ModelLibrary(folder)
    const byId = await library.resolve('m')
    expect(byId).toEqual(await library.resolve(null))
    expect(byId.chunkSec).toBe(0.75)
    // The one-pass file alone was told as its size.
    expect((await library.views())[0]).toMatchObject({ id: 'm', sizeBytes: 10 })
    expect(byId.files).toMatchObject({ statefulPath: path.join(folder, 's.onnx'), statefulSha256: 'a'.repeat(64) })
  })

  it('says what is missing or cut short before an engine is started on it', async () => {
    catalogue(5)
    const library = new ModelLibrary(folder)
    await expect(library.resolve('m')).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
    await expect(library.resolve('other')).rejects.toMatchObject({
      code: 'E_MODEL_MISSING',
      data: { detail: 'other; bundled: m' }
    })
    put('m.onnx', 'cut')
    await expect(library.resolve('m')).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
  })

  it('takes a file with its companion, and one without', async () => {
    const one = put('mine.onnx')
    const library = new ModelLibrary(folder)
    expect((await library.resolve(one)).files).toMatchObject({
      onePassPath: one,
      statefulPath: null,
      onePassSha256: null
    })
    const companion = put('mine.stateful.onnx')
    expect((await library.resolve(one)).files.statefulPath).toBe(companion)
    await expect(library.resolve(path.join(folder, 'none.onnx'))).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
  })
})

describe('the bundled catalogue', () => {
  it('can be read, and its default is in it', async () => {
    const catalog = await new ModelLibrary(BUNDLED).catalog()
    expect(catalog.models.map((model) => model.id)).toContain(catalog.default)
  })

  it('has the size and the hash of every bundled file (a model that was trained anew and not entered)', async () => {
    const { models } = await new ModelLibrary(BUNDLED).catalog()
    for (const { file, bytes, sha256 } of models.flatMap(({ onePass, stateful }) =>
      stateful ? [onePass, stateful] : [onePass]
    )) {
      const full = path.join(BUNDLED, file)
      if (!existsSync(full) && sha256 === null) {
        console.info(`skipped: ${file} is not trained yet`)
        continue
      }
      expect(bytes, file).toBe(statSync(full).size)
      expect(sha256, file).toBe(createHash('sha256').update(readFileSync(full)).digest('hex'))
    }
  })
})
