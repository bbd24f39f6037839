import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EngineSettings, FileJob } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { PreviewEngine } from '../player/previewEngine'
import { EngineHost } from '../processes/engineHost'
import { FakeEngineFolder, fakeSettings } from '../processes/fakeEngine.testkit'
import { forkTransport } from '../processes/forkTransport'
import { withoutFailed } from './autoDevice'

let folder: FakeEngineFolder
let host: EngineHost

beforeEach(() => {
  folder = new FakeEngineFolder()
  host = new EngineHost(() => forkTransport(folder.enginePath))
})

afterEach(() => {
  host.killNow()
  folder.remove()
})

test('an engine that dies on its device at the start is replaced by what stands in for it (the batch ended there)', async () => {
  const asked: string[] = []
  host.standIn = async (settings, error) => {
    asked.push(`${settings.device} ${error.code}`)
    return settings.device === 'cpu' ? null : fakeSettings()
  }
  const status = await host.start({ ...fakeSettings('dies'), device: 'webgpu' })
  expect(asked).toEqual(['webgpu E_ENGINE_CRASH'])
  expect(status.kind).toBe('ready')
  expect(host.startedWith?.device).toBe('cpu')
})

test('a preview in an engine of its own gets a stand-in too (it failed where the batch went on)', async () => {
  host.standIn = async ({ device }) => (device === 'cpu' ? null : fakeSettings())
  const openEngine = (): ReturnType<typeof forkTransport> => forkTransport(folder.enginePath)
  const previews = new PreviewEngine({ host, openEngine, onHold: () => undefined })
  const { inputPath, partPath } = {
    inputPath: path.join(folder.root, 'ok-1.wav'),
    partPath: path.join(folder.root, 'p')
  }
  const file: FileJob = { jobId: 'p', inputPath, partPath, outputContainer: null, residualGain: 0, isUrgent: true }
  const settings: EngineSettings = { ...fakeSettings('dies'), device: 'webgpu' }
  const signal = new AbortController().signal
  try {
    const done = await previews.denoise({ file, settings, signal, mayShare: true, onProgress: () => undefined })
    expect(done.jobId).toBe('p')
  } finally {
    await previews.close()
  }
})

test('a device that was named is not replaced, one that auto stood for is left out', () => {
  const failed: string[] = []
  const service = { markFailed: (device: string) => failed.push(device) }
  const error = new AppError('E_DEVICE_UNAVAILABLE', { detail: 'gone' })
  const wish = { ...DEFAULT_JOB_SETTINGS, device: 'auto' } as const
  const engine = { device: 'cuda' } as const
  const deviceChoice = { device: 'cuda', reason: 'fastest', from: null, error: null } as const
  expect(withoutFailed(service, { engine, error, choice: { deviceChoice: null, wish } })).toBe(null)
  expect(failed).toEqual([])
  expect(withoutFailed(service, { engine, error, choice: { deviceChoice, wish } })).toBe(wish)
  expect(failed).toEqual(['cuda'])
})
