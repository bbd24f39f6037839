import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { workshopForkTransport } from '../processes/forkTransport'
import { WorkshopHost } from '../processes/workshopHost'
import { DeviceRecords } from './deviceRecords'
import { DeviceService, RIGHT_DB } from './deviceService'
import { ortPackage } from './ortPackage'

/** The software Vulkan driver inside Debian's chromium: the real WebGPU provider runs on it, slowly. */
const DRIVER = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib64/chromium-browser/vk_swiftshader_icd.json'
].find((file) => existsSync(file))
const isHere = process.platform === 'linux' && process.arch === 'x64'
if (!isHere || DRIVER === undefined)
  console.info('WebGPU is not tried: there is no vk_swiftshader_icd.json of chromium here')

const scratch = mkdtempSync(path.join(tmpdir(), 'stillwave-webgpu-'))

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

async function serviceOn(driver: string): Promise<DeviceService> {
  const env = { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver }
  const log = (line: string): void => {
    throw new Error(line)
  }
  return new DeviceService({
    workshop: new WorkshopHost(() => workshopForkTransport(path.resolve('out/main/workshop.js'), env)),
    records: await DeviceRecords.open(scratch, log),
    scratchFolder: scratch,
    ortVersion: ortPackage().version,
    log,
    // A tenth of a second, once: two minutes of it would be asked of a machine without a card.
    maxChunksSec: 0.5
  })
}

const light = {
  files: {
    onePassPath: path.resolve('models/frcrn-lite.onnx'),
    statefulPath: null,
    onePassSha256: null,
    statefulSha256: null
  },
  join: 'overlap'
} as const

describe.skipIf(!isHere)('the real WebGPU provider', () => {
  test.skipIf(DRIVER === undefined)(
    'comes to what the CPU comes to with the bundled model (its own layout came to 10 dB, the fused operators to no numbers)',
    async () => {
      const service = await serviceOn(DRIVER!)
      const [cpu, webgpu] = await service.probe('webgpu', light)
      console.info(
        `WebGPU on SwiftShader: ${webgpu?.matchDb?.toFixed(1) ?? webgpu?.detail ?? ''} dB against the CPU, ` +
          `${webgpu?.wallSec?.toFixed(1) ?? '-'} s for ${webgpu?.audioSec ?? '-'} s, ` +
          `${Math.round((webgpu?.rssBytes ?? 0) / 1e6)} MB (CPU ${Math.round((cpu?.rssBytes ?? 0) / 1e6)} MB)`
      )
      expect(webgpu).toMatchObject({ state: 'right', reason: null })
      expect(webgpu!.matchDb).toBeGreaterThan(RIGHT_DB)
      // Right, and slower than the CPU: auto does not take it.
      expect(await service.choose(light)).toMatchObject({ device: 'cpu', reason: 'cpuIsBest' })
    },
    120_000
  )

  test('without a driver says so, and leaves the CPU', async () => {
    const service = await serviceOn('/nonexistent/icd.json')
    const [cpu, webgpu] = await service.probe('webgpu', light)
    expect(cpu).toMatchObject({ state: 'right' })
    expect(webgpu).toMatchObject({ state: 'unavailable' })
    expect(['noAdapter', 'noVulkanLoader']).toContain(webgpu?.reason)
  }, 60_000)
})
