import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConcreteDevice } from '../../shared/devices/providers'
import { workshopForkTransport } from '../processes/forkTransport'
import { WorkshopHost } from '../processes/workshopHost'
import { DeviceRecords } from './deviceRecords'
import { DeviceService, type DeviceServiceOptions, type TriedModel } from './deviceService'
import { graphicsId } from './graphicsId'
import { FakeWorkshopFolder } from './fakeWorkshop.testkit'

let folder: FakeWorkshopFolder
let workshop: WorkshopHost
let logged: string[]

beforeEach(() => {
  folder = new FakeWorkshopFolder()
  logged = []
})

afterEach(() => {
  workshop.killNow()
  folder.remove()
})

/** By device, how the fake process behaves. */
async function serviceWith(
  modes: Partial<Record<ConcreteDevice, string>>,
  options: Partial<DeviceServiceOptions> = {}
): Promise<DeviceService> {
  workshop = new WorkshopHost(() => workshopForkTransport(folder.workshopPath, { FAKE_DEVICES: JSON.stringify(modes) }))
  const log = (line: string): void => {
    logged.push(line)
  }
  return new DeviceService({
    workshop,
    log,
    records: await DeviceRecords.open(folder.root, log),
    scratchFolder: folder.root,
    ortVersion: '1.0.0',
    platform: 'linux',
    arch: 'x64',
    timeoutMs: 5000,
    ...options
  })
}

function model(): TriedModel {
  const { modelPath: onePassPath } = folder
  return {
    files: { onePassPath, statefulPath: null, onePassSha256: null, statefulSha256: null },
    join: 'overlap'
  }
}

describe('a trial', () => {
  test.each([
    ['wrong', 'wrong', 'wrongResult', '12.1 dB'],
    ['silent', 'wrong', 'wrongResult', 'no dB'],
    ['nan', 'wrong', 'notFinite', ''],
    ['crash', 'unavailable', 'crashed', 'SIGSEGV'],
    ['quits', 'unavailable', 'crashed', 'exit code 0'],
    ['library', 'unavailable', 'missingLibrary', 'libcublasLt.so.12'],
    ['provider', 'unavailable', 'noCudaSupport', 'shared library'],
    ['adapter', 'unavailable', 'noAdapter', 'adapter'],
    ['memory', 'unavailable', 'outOfMemory', 'out of memory']
  ])('of a device that is %s has a typed reason, and the next one is tried', async (mode, state, reason, detail) => {
    const service = await serviceWith({ cuda: mode, webgpu: 'quick' })
    const [cpu, cuda, webgpu] = await service.probe('all', model())
    expect(cpu).toMatchObject({ device: 'cpu', state: 'right', reason: null })
    expect(cuda).toMatchObject({ device: 'cuda', state, reason })
    expect(cuda?.detail ?? '').toContain(detail)
    expect(webgpu).toMatchObject({ device: 'webgpu', state: 'right', matchDb: 110, rssBytes: 9e6 })
    expect(await service.choose(model())).toMatchObject({ device: 'webgpu', reason: 'fastest' })
    expect(readdirSync(folder.root).filter((name) => name.startsWith('devices-'))).toEqual([])
  })

  test.each(['hang', 'deaf'])('that never ends (%s) is ended after its time', async (mode) => {
    const service = await serviceWith({ webgpu: mode }, { timeoutMs: 1500 })
    const results = await service.probe('webgpu', model())
    expect(results[1]).toMatchObject({ state: 'unavailable', reason: 'timedOut' })
    expect(workshop.pids).toEqual([])
  })

  test('is cancelled at once, and leaves no result and no file', async () => {
    const service = await serviceWith({ webgpu: 'hang' })
    const abort = new AbortController()
    const onDevice = (device: ConcreteDevice): void => {
      if (device === 'webgpu') setTimeout(abort.abort.bind(abort), 50)
    }
    await expect(service.probe('webgpu', model(), { signal: abort.signal, onDevice })).rejects.toMatchObject({
      code: 'E_CANCELLED'
    })
    expect(await service.measured(model(), 'webgpu')).toBe(null)
    expect(readdirSync(folder.root).sort()).toEqual(['devices.json', 'fake-workshop.mjs', 'model.onnx'])
  })

  test('of another system asks no process', async () => {
    const service = await serviceWith({})
    expect(await service.probe('dml', model())).toMatchObject([{ state: 'unavailable', reason: 'notOnThisSystem' }])
    const list = await service.list(model(), 'cpu')
    expect(list.map(({ device, state, reason }) => [device, state, reason])).toEqual([
      ['cuda', 'untested', null],
      ['dml', 'unavailable', 'notOnThisSystem'],
      ['coreml', 'unavailable', 'notOnThisSystem'],
      ['webgpu', 'untested', null],
      ['cpu', 'untested', null]
    ])
  })
})

describe('auto', () => {
  test('is the CPU until another was measured, and where none is faster', async () => {
    const service = await serviceWith({ cuda: 'wrong', webgpu: 'slow' })
    expect(await service.choose(model())).toMatchObject({ device: 'cpu', reason: 'notMeasured' })
    await service.probe('all', model())
    expect(await service.choose(model())).toMatchObject({ device: 'cpu', reason: 'cpuIsBest' })
  })

  test('is the fastest; one that fails at load is left out with its error, until it is tried again', async () => {
    const service = await serviceWith({ cuda: 'fast', webgpu: 'quick' })
    await service.probe('all', model())
    expect(await service.choose(model())).toMatchObject({ device: 'cuda', reason: 'fastest' })
    const error = { code: 'E_DEVICE_UNAVAILABLE', data: { detail: 'gone' } } as const
    service.markFailed('cuda', error)
    expect(await service.choose(model())).toEqual({ device: 'webgpu', reason: 'fellBack', from: 'cuda', error })
    service.markFailed('webgpu', error)
    expect(await service.choose(model())).toMatchObject({ device: 'cpu', reason: 'fellBack', from: 'cuda' })
    await service.probe('cuda', model())
    expect(await service.choose(model())).toMatchObject({ device: 'cuda', reason: 'fastest' })
  })
})

describe('results', () => {
  test('outlast the program; another model, ONNX Runtime, card or driver and new libraries are tried anew', async () => {
    await (await serviceWith({ cuda: 'fast', webgpu: 'quick' })).probe('all', model())
    const same = await serviceWith({})
    expect((await same.measured(model(), 'cuda'))?.state).toBe('right')
    const newer = await serviceWith({}, { ortVersion: '1.0.1' })
    expect(await newer.measured(model(), 'cuda')).toBe(null)
    const withLibraries = await serviceWith({}, { hasCuda: () => true })
    expect(await withLibraries.measured(model(), 'cuda')).toBe(null)
    expect(await withLibraries.measured(model(), 'webgpu')).not.toBe(null)
    const otherCard = await serviceWith({}, { graphics: '0x10de:0x2684 550.54' })
    expect(await otherCard.measured(model(), 'webgpu')).toBe(null)
    expect(await otherCard.measured(model(), 'cpu')).not.toBe(null)
    writeFileSync(folder.modelPath, 'another model')
    expect(await same.measured(model(), 'cuda')).toBe(null)
  })

  test('are told apart by the system’s cards and drivers (a new card went by the old one’s figures)', () => {
    const card = path.join(folder.root, 'class/drm/card0/device')
    mkdirSync(card, { recursive: true })
    mkdirSync(path.join(folder.root, 'class/drm/card0-HDMI-A-1'))
    writeFileSync(path.join(card, 'vendor'), '0x10de\n')
    writeFileSync(path.join(card, 'device'), '0x2684\n')
    expect(graphicsId(folder.root)).toBe('0x10de:0x2684')
    mkdirSync(path.join(folder.root, 'module/nvidia'), { recursive: true })
    writeFileSync(path.join(folder.root, 'module/nvidia/version'), '550.54\n')
    expect(graphicsId(folder.root)).toBe('0x10de:0x2684 550.54')
    expect(graphicsId(path.join(folder.root, 'nowhere'))).toBe('')
  })

  test('of a damaged file are measured again, and the log is told', async () => {
    const file = path.join(folder.root, 'devices.json')
    writeFileSync(file, '{"version": 1, "results": {"x": ')
    const service = await serviceWith({ webgpu: 'quick' })
    expect(logged).toHaveLength(1)
    await service.probe('webgpu', model())
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1 })
    expect(existsSync(`${file}.${process.pid}.part`)).toBe(false)
  })
})
