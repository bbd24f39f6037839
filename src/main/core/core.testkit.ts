import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { plainWav } from '../../shared/wav/plainWav'
import type { PushEvent } from '../../shared/ipc/views'
import type { QueueState } from '../../shared/jobs/queue'
import { emptyQueue, reduceQueue } from '../../shared/jobs/reduceQueue'
import type { OpenTransport } from '../processes/engineTransport'
import {
  forkTransport,
  mediaForkTransport,
  naiveForkTransport,
  workshopForkTransport
} from '../processes/forkTransport'
import { AppCore } from './appCore'

const OUT = path.resolve(process.cwd(), 'out/main')
export const ENGINE = path.join(OUT, 'engine.js')
export const MEDIA = path.join(OUT, 'media.js')

/** The core's tests run the real engine and media process: without a build there are none. */
export function isBuilt(): boolean {
  const built = existsSync(ENGINE) && existsSync(MEDIA)
  if (!built) console.info('skipped: out/main is not built (npm run build)')
  if (!built && process.env.CI === 'true') throw new Error('engine and media must be built before the core is tested')
  return built
}

/** A folder with recordings and the app's data in it, and the core over them. */
export class CoreBench {
  readonly root = mkdtempSync(path.join(tmpdir(), 'stillwave-core-'))
  readonly pushes: PushEvent[] = []
  readonly log: string[] = []
  openEngine: OpenTransport = () => forkTransport(ENGINE)
  modelsFolder = path.resolve('models')
  private opened: AppCore | null = null

  get core(): AppCore {
    if (!this.opened) throw new Error('the core is not open')
    return this.opened
  }

  get data(): string {
    return path.join(this.root, 'data')
  }

  async open(): Promise<AppCore> {
    this.pushes.length = 0
    this.opened = await AppCore.open({
      layout: {
        version: '9.9.9',
        enginePath: ENGINE,
        mediaPath: MEDIA,
        modelsFolder: this.modelsFolder,
        samplesFolder: path.resolve('demo'),
        cleanSamplesFolder: path.resolve('demo-clean'),
        naivePath: path.resolve('out/main/naive.js'),
        workshopPath: path.resolve('out/main/workshop.js'),
        licencesPath: path.resolve('out/licences.json'),
        updateFeedPath: path.resolve('out/no-feed.yml')
      },
      dataFolder: this.data,
      logFolder: path.join(this.root, 'logs'),
      locale: 'en',
      openEngine: () => this.openEngine(),
      openMedia: () => mediaForkTransport(MEDIA),
      openNaive: () => naiveForkTransport(path.resolve('out/main/naive.js')),
      openWorkshop: () => workshopForkTransport(path.resolve('out/main/workshop.js')),
      mediaUrl: (token) => `app://stillwave/media/${token}`,
      push: (event) => void this.pushes.push(event),
      log: (line) => void this.log.push(line)
    })
    return this.opened
  }

  async close(): Promise<void> {
    await this.opened?.close()
    this.opened = null
  }

  async remove(): Promise<void> {
    await this.close()
    rmSync(this.root, { recursive: true, force: true })
  }

  at(...parts: string[]): string {
    return path.join(this.root, ...parts)
  }

  /** 16 kHz mono noise, 16 bits. */
  wav(name: string, durationSec: number): string {
    const full = this.at(name)
    mkdirSync(path.dirname(full), { recursive: true })
    writeFileSync(full, wavBytes(durationSec))
    return full
  }

  files(folder: string): string[] {
    if (!existsSync(this.at(folder))) return []
    const entries = readdirSync(this.at(folder), { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.at(folder), path.join(entry.parentPath, entry.name)))
      .sort()
  }

  async add(...paths: string[]): Promise<void> {
    const before = this.pushes.length
    const { scanId } = await this.core.addPaths(paths)
    await this.until(() =>
      this.pushes.slice(before).some((push) => push.topic === 'scan' && push.scan.scanId === scanId && push.scan.done)
    )
  }

  /** `a.wav:done b.wav:pending` in the list's order. */
  kinds(state: QueueState = this.core.queueState): string {
    return state.jobs.map((job) => `${path.basename(job.inputPath)}:${job.status.kind}`).join(' ')
  }

  id(name: string): string {
    const job = this.core.queueState.jobs.find(({ inputPath }) => path.basename(inputPath) === name)
    if (!job) throw new Error(`no ${name} in the queue`)
    return job.id
  }

  /** What a window that listened from the beginning has. */
  mirror(): QueueState {
    const events = this.pushes.flatMap((push) => (push.topic === 'queue' ? [push.event] : []))
    return events.reduce(reduceQueue, emptyQueue('mirror'))
  }

  async until(holds: () => boolean, timeoutMs = 30_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!holds()) {
      if (performance.now() > deadline) {
        throw new Error(`never came: ${holds.toString()}; ${this.kinds().slice(0, 500)}; ${this.log.join('; ')}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

function wavBytes(durationSec: number): Uint8Array {
  let state = 1
  return plainWav({ sampleRateHz: 16_000, frames: Math.round(durationSec * 16_000) }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state / 2 ** 32 - 0.5) * 6000
  })
}
