import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { workshopForkTransport } from '../processes/forkTransport'
import { WorkshopHost } from '../processes/workshopHost'
import { BundledChecks } from './bundledChecks'
import { ModelLibrary } from './library'
import type { SelfCheck } from './modelRecord'
import { openModels } from './openModels'

const BUNDLED = path.resolve(import.meta.dirname, '../../../models')
const FP16 = { precision: 'fp16', device: 'cpu' } as const

let folder: string
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'stillwave-checks-'))))
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const check = (device: SelfCheck['device'], isTrusted: boolean): SelfCheck => ({
  device,
  isTrusted,
  ...{
    checkedAt: '2026-01-01T00:00:00.000Z',
    snrDb: 60,
    isFinite: true,
    fp32: null,
    fp16: null,
    speedRatio: 1,
    error: null
  }
})

describe('FP16 of a bundled model', () => {
  it('is compared where it is first asked for, once, and then given with FP32 beside it', async () => {
    const workshop = new WorkshopHost(() => workshopForkTransport(path.resolve('out/main/workshop.js')))
    const { library, service } = await openModels({ dataFolder: folder, bundledFolder: BUNDLED, workshop })
    expect(await library.resolve(null, FP16)).toMatchObject({ precision: 'fp32', precisionReason: 'notChecked' })
    const first = await service.resolve(null, FP16)
    console.info(`FP16 of the bundled model: ${first.newCheck?.snrDb?.toFixed(1)} dB to FP32`)
    expect(first).toMatchObject({
      precision: 'fp16',
      precisionReason: null,
      newCheck: { isTrusted: true, error: null }
    })
    expect(path.basename(first.files.statefulPath!)).toBe('frcrn-lite.fp16.stateful.onnx')
    expect(first.fullFiles).toEqual((await library.resolve(null)).files)
    expect(await service.resolve(null, FP16)).toMatchObject({ precision: 'fp16', newCheck: null })
    const [view] = await library.views()
    expect(view).toMatchObject({ precisions: ['fp32', 'fp16'], selfChecks: [{ device: 'cpu', isTrusted: true }] })
    expect((await service.list()).bundled[0]).toMatchObject({
      precisions: ['fp32', 'fp16'],
      selfChecks: [{ device: 'cpu' }]
    })
    // Nothing of the comparison is left.
    expect(readdirSync(path.join(folder, 'models'))).toEqual([])
  }, 60_000)

  it('stays off where it was found wrong, on that device only (catches one device trusted for another)', async () => {
    const checks = new BundledChecks(folder)
    const library = new ModelLibrary(BUNDLED, null, checks)
    const model = (await library.catalog()).models[0]!
    await checks.record(model, check('cpu', false))
    await checks.record(model, check('webgpu', true))
    expect(await library.resolve(null, FP16)).toMatchObject({ precision: 'fp32', precisionReason: 'notTrusted' })
    expect(await library.resolve(null, { ...FP16, device: 'webgpu' })).toMatchObject({ precision: 'fp16' })
    await checks.record(model, check('cpu', true))
    expect(await checks.of(model)).toHaveLength(2)
  })

  it('is compared anew for another version of the model, and where what was kept cannot be read', async () => {
    const checks = new BundledChecks(folder)
    const model = (await new ModelLibrary(BUNDLED).catalog()).models[0]!
    await checks.record(model, check('cpu', true))
    const { fp16 } = model
    const other = { ...model, fp16: { ...fp16!, stateful: { ...fp16!.stateful, sha256: 'b'.repeat(64) } } }
    expect(await checks.of(other)).toEqual([])
    expect(await checks.of(model)).toHaveLength(1)
    writeFileSync(path.join(folder, 'bundled-checks.json'), '{"version": 1, "chec')
    expect(await checks.of(model)).toEqual([])
    await checks.record(model, check('cpu', true))
    expect(await checks.of(model)).toHaveLength(1)
  })
})
