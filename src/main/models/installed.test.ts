import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownerTag } from '../jobs/partFiles'
import { recordFile } from './hashFile'
import { InstalledModels } from './installed'
import { choose, ModelLibrary } from './library'
import { idFromName, isSafeId, nameOfFile, type ModelRecord, type SelfCheck } from './modelRecord'

const BUNDLED = path.resolve(import.meta.dirname, '../../../models')

let folder: string
let installed: InstalledModels
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-installed-'))
  installed = new InstalledModels(folder)
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** A model of three files with these letters in them. */
async function put(id: string, text = 'abc'): Promise<ModelRecord> {
  const built = await installed.begin()
  mkdirSync(path.join(built, 'fp32'))
  const file = async (name: string): ReturnType<typeof recordFile> => {
    writeFileSync(path.join(built, name), `${name} ${text}`)
    return recordFile(path.join(built, name), name)
  }
  const fp32 = {
    onePass: await file('fp32/model.onnx'),
    stateful: await file('fp32/model.stateful.onnx'),
    data: [await file('fp32/model.weights.bin')]
  }
  const record: ModelRecord = {
    version: 1,
    id,
    name: 'Mine',
    licence: null,
    notes: null,
    source: { kind: 'checkpoint', fileName: 'mine.pt', bytes: 3, sha256: 'a'.repeat(64) },
    channels: 4,
    cascade: 1,
    addedAt: 'then',
    verifiedAt: 'then',
    precisions: { fp32, fp16: null },
    selfChecks: [],
    damaged: []
  }
  await installed.publish(built, record).catch(async (error: unknown) => {
    await installed.discard(built)
    throw error
  })
  return record
}

const check = (isTrusted: boolean): SelfCheck => {
  const base = { device: 'cpu' as const, checkedAt: 'then', snrDb: 60, isFinite: true, speedRatio: 1 }
  return { ...base, fp32: null, fp16: null, isTrusted, error: null }
}

describe('installed models', () => {
  it('are never two of one id (the second would be taken for the first)', async () => {
    await put('one')
    await expect(put('one', 'other')).rejects.toMatchObject({ code: 'E_MODEL_EXISTS' })
    expect(readdirSync(folder)).toEqual(['one'])
  })

  it('sweep takes what ended runs left, not what others are at', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    const names = [`.adding-${dead}-${ownerTag}00000000`, `.removing-${dead}-${ownerTag}00000001`]
    const kept = [`.adding-${process.ppid}-${ownerTag}00000002`, `.adding-${dead}-zzzz00000003`, 'notes']
    for (const name of [...names, ...kept]) mkdirSync(path.join(folder, name, 'fp32'), { recursive: true })
    const mine = path.basename(await installed.begin())
    await installed.sweep()
    expect(readdirSync(folder).sort()).toEqual([...kept, mine].sort())
  })

  it('a data file that was changed is refused before an engine maps it, one that was only touched is not', async () => {
    const { precisions } = await put('one')
    const library = new ModelLibrary(BUNDLED, installed)
    const resolved = await library.resolve('one')
    expect(resolved.files.onePassSha256).toBe(precisions.fp32!.onePass.sha256)
    const weights = path.join(folder, 'one', 'fp32', 'model.weights.bin')
    utimesSync(weights, 1, 1)
    expect(await library.resolve('one')).toEqual(resolved)
    writeFileSync(weights, 'fp32/model.weights.bin abX')
    await expect(library.resolve('one')).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED', data: { path: weights } })
  })

  it('verify writes down what it found: a changed file of the same time is refused from then on, and not offered', async () => {
    const record = await put('one')
    const weights = path.join(folder, 'one', 'fp32', 'model.weights.bin')
    const { mtimeMs } = record.precisions.fp32!.data[0]!
    writeFileSync(weights, 'fp32/model.weights.bin abX')
    utimesSync(weights, mtimeMs / 1000, mtimeMs / 1000)
    expect((await installed.verify(record, 'now')).damaged).toEqual(['fp32/model.weights.bin'])
    const library = new ModelLibrary(BUNDLED, installed)
    await expect(library.resolve('one')).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
    expect((await library.views()).map(({ id }) => id)).not.toContain('one')
    writeFileSync(weights, 'fp32/model.weights.bin abc')
    expect(await installed.verify(record, 'now')).toMatchObject({ damaged: [], verifiedAt: 'now' })
    expect((await library.resolve('one')).label).toBe('one')
    expect((await library.views()).at(-1)).toMatchObject({ id: 'one', name: 'Mine', cascade: 1, hasStateful: true })
  })

  it('one without a readable description is there, damaged, and can be removed (it hid and kept its id for ever)', async () => {
    await put('one')
    writeFileSync(path.join(folder, 'one', 'model.json'), '{"version": 1')
    const [entry] = await installed.list()
    expect(entry).toMatchObject({ id: 'one', record: null })
    await expect(new ModelLibrary(BUNDLED, installed).resolve('one')).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
    await installed.remove('one')
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('the precision that runs', () => {
  it('is FP16 only where it was found as good on that very device', async () => {
    const record = await put('one')
    const fp16 = record.precisions.fp32!
    const both = { ...record, precisions: { fp32: record.precisions.fp32, fp16 } }
    const asked = { precision: 'fp16' as const }
    expect(choose(record, asked)).toMatchObject({ precision: 'fp32', precisionReason: 'noFp16' })
    expect(choose(both, asked)).toMatchObject({ precision: 'fp32', precisionReason: 'notChecked' })
    const trusted = { ...both, selfChecks: [check(true)] }
    expect(choose(trusted, asked)).toMatchObject({ precision: 'fp16', precisionReason: null })
    expect(choose(trusted, { ...asked, device: 'webgpu' })).toMatchObject({ precisionReason: 'notChecked' })
    expect(choose({ ...both, selfChecks: [check(false)] }, asked)).toMatchObject({
      precision: 'fp32',
      precisionReason: 'notTrusted'
    })
    expect(choose(trusted, {})).toMatchObject({ precision: 'fp32', precisionReason: null })
    expect(choose({ ...record, precisions: { fp32: null, fp16 } }, {})).toMatchObject({ precisionReason: 'noFp32' })
  })
})

describe('ids', () => {
  it('are names that every system takes as a folder (CON and a trailing dot are none on Windows)', () => {
    for (const id of ['', 'con', 'lpt1', '.x', 'x.', 'a/b', '..', 'A', 'x'.repeat(65), '-x', 'é']) {
      expect(isSafeId(id), id).toBe(false)
    }
    for (const name of [
      'Ein Modell.v2.PT',
      'CON.onnx',
      '模型.bin',
      '.pt',
      `${'x'.repeat(100)}.ckpt`,
      'a---.safetensors'
    ]) {
      expect(isSafeId(idFromName(name)), `${name}: ${idFromName(name)}`).toBe(true)
    }
    expect(idFromName('Last Best_checkpoint.pt')).toBe('last-best_checkpoint')
    expect(nameOfFile('Last Best_v1.2.pt')).toBe('Last Best_v1.2')
    expect(nameOfFile('.pt')).toBe('.pt')
  })
})
