import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { DEVICE_REASONS } from '../../shared/devices/providers'
import { DEVICES } from '../../shared/settings/choices'

const positive = z.number().positive()

/** What a trial of a device came to. */
export const DeviceResult = z.object({
  device: z.enum(DEVICES).exclude(['auto']),
  /** SHA-256 of the graph that was run. */
  sha256: z.string(),
  adapter: z.string().nullable(),
  state: z.enum(['right', 'wrong', 'unavailable']),
  reason: z.enum(DEVICE_REASONS).nullable(),
  detail: z.string().nullable(),
  audioSec: positive.nullable(),
  wallSec: positive.nullable(),
  loadSec: z.number().nullable(),
  firstSec: z.number().nullable(),
  matchDb: z.number().nullable(),
  rssBytes: z.number().nullable(),
  vramBytes: z.number().nullable(),
  testedAt: z.string()
})
export type DeviceResult = z.infer<typeof DeviceResult>

const File = z.object({ version: z.literal(1), results: z.record(z.string(), DeviceResult) })

/** Models come and go: what was tried longest ago is forgotten. */
const MAX_RESULTS = 200

/** `devices.json` of the data folder: results by what they depend on. */
export class DeviceRecords {
  private writing: Promise<void> = Promise.resolve()

  private constructor(
    private readonly filePath: string,
    private readonly results: Map<string, DeviceResult>
  ) {}

  /** What cannot be read is measured again: `log` is told, nothing throws. */
  static async open(dataFolder: string, log: (line: string) => void): Promise<DeviceRecords> {
    const filePath = path.join(dataFolder, 'devices.json')
    const text = await readFile(filePath, 'utf8').catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) log(`${filePath}: ${String(error)}`)
      return null
    })
    if (text === null) return new DeviceRecords(filePath, new Map())
    try {
      return new DeviceRecords(filePath, new Map(Object.entries(File.parse(JSON.parse(text)).results)))
    } catch {
      log(`${filePath} is damaged: devices will be tried again`)
      return new DeviceRecords(filePath, new Map())
    }
  }

  get(key: string): DeviceResult | null {
    return this.results.get(key) ?? null
  }

  /** The last trial of each device, whatever it was tried with. */
  latest(): readonly DeviceResult[] {
    const byDevice = new Map<string, DeviceResult>()
    for (const result of this.results.values()) {
      const known = byDevice.get(result.device)
      if (known === undefined || known.testedAt <= result.testedAt) byDevice.set(result.device, result)
    }
    return [...byDevice.values()]
  }

  /** Written whole or not at all. Rejects with errors of the file system; the result is known in any case. */
  set(key: string, result: DeviceResult): Promise<void> {
    this.results.delete(key)
    this.results.set(key, result)
    for (const old of [...this.results.keys()].slice(0, -MAX_RESULTS)) this.results.delete(old)
    this.writing = this.writing.catch(() => undefined).then(() => this.write())
    return this.writing
  }

  private async write(): Promise<void> {
    await mkdir(path.dirname(this.filePath), { recursive: true })
    const part = `${this.filePath}.${process.pid}.part`
    const file: z.infer<typeof File> = { version: 1, results: Object.fromEntries(this.results) }
    await writeFile(part, `${JSON.stringify(file, null, 2)}\n`)
    await rename(part, this.filePath)
  }
}
