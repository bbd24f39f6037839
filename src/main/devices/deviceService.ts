import { mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ModelFiles } from '../../engine/protocol'
import type { WorkshopEvent } from '../../engine/workshopProtocol'
import {
  explainRefusal,
  PROVIDERS,
  providersOn,
  type ConcreteDevice,
  type DeviceReason
} from '../../shared/devices/providers'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import type { AutoReason, DeviceChoice, DeviceView } from '../../shared/ipc/deviceViews'
import type { GpuMemory } from '../../shared/ipc/memoryViews'
import type { Join } from '../../shared/settings/choices'
import { hashFile } from '../models/hashFile'
import type { WorkshopHost } from '../processes/workshopHost'
import type { DeviceRecords, DeviceResult } from './deviceRecords'
import { GpuWatch } from './gpuWatch'

/** Below this a device's result is not the CPU's. */
export const RIGHT_DB = 45

export interface DeviceServiceOptions {
  readonly workshop: WorkshopHost
  readonly records: DeviceRecords
  /** For the results of trials. */
  readonly scratchFolder: string
  readonly ortVersion: string
  readonly log: (line: string) => void
  /** Whether CUDA's libraries are there: results from before do not count then. */
  readonly hasCuda?: () => boolean
  /** What tells these cards and drivers from others: results of others do not count. */
  readonly graphics?: string
  /** What a process takes of a card's memory, and the card's name; absent where nobody tells. */
  readonly readGpu?: (pids: readonly number[]) => Promise<GpuMemory | null>
  readonly platform?: string
  readonly arch?: string
  /** Of one trial. */
  readonly timeoutMs?: number
  /** A device is timed with chunks where two of them take less; seconds. */
  readonly maxChunksSec?: number
  readonly now?: () => string
}

/** The graph that runs for a model and a way of joining. */
export interface TriedModel {
  readonly files: ModelFiles
  readonly join: Join
}

export interface ProbeOptions {
  readonly signal?: AbortSignal
  /** A device's trial begins. */
  readonly onDevice?: (device: ConcreteDevice, index: number, count: number) => void
}

const TIMEOUT_MS = 120_000
const MAX_CHUNKS_SEC = 20

type Probed = Extract<WorkshopEvent, { type: 'probed' }>

/** Devices: what there is, what each came to with a model, and what `auto` stands for. */
export class DeviceService {
  /** Devices on which the engine could not be opened since the program began. */
  private readonly failed = new Map<ConcreteDevice, ErrorPayload>()
  private readonly hashes = new Map<string, string>()

  constructor(private readonly options: DeviceServiceOptions) {}

  /** Every device that Stillwave knows, best first; those of other systems with that reason. */
  async list(model: TriedModel | null, chosen: ConcreteDevice | null): Promise<readonly DeviceView[]> {
    const sha256 = model && (await this.shaOf(model))
    return PROVIDERS.map(({ device, name }) => {
      const result = sha256 === null ? null : this.resultOf(device, sha256)
      const isHere = this.here.includes(device)
      const reason = isHere ? (result?.reason ?? null) : 'notOnThisSystem'
      const state = isHere ? (result?.state ?? 'untested') : 'unavailable'
      return { device, name, state, reason, ...figures(result), isChosen: device === chosen }
    })
  }

  /** What was measured of a device with this model; null where it was not tried. */
  async measured(model: TriedModel, device: ConcreteDevice): Promise<DeviceResult | null> {
    return this.resultOf(device, await this.shaOf(model))
  }

  /**
   * Tries a device, or all of this system, each in a process of its own that may die; the CPU goes first, as the measure of all. What
   * a device cannot do is its result. Throws `E_CANCELLED`, and whatever the CPU itself cannot do.
   */
  async probe(
    which: ConcreteDevice | 'all',
    model: TriedModel,
    options: ProbeOptions = {}
  ): Promise<readonly DeviceResult[]> {
    const sha256 = await this.shaOf(model)
    const wanted = this.here.filter((device) => device === which || (which === 'all' && device !== 'cpu'))
    if (which !== 'all' && !this.here.includes(which)) {
      const result = refused(which, sha256, { reason: 'notOnThisSystem', detail: this.system }, this.now())
      return [result]
    }
    const folder = path.join(this.options.scratchFolder, `devices-${process.pid}`)
    await mkdir(folder, { recursive: true })
    const others = wanted.filter((device) => device !== 'cpu')
    const referencePath = path.join(folder, 'cpu.f32')
    const results: DeviceResult[] = []
    try {
      options.onDevice?.('cpu', 0, others.length + 1)
      results.push(await this.tryCpu(model, sha256, { referencePath, ...options }))
      for (const [i, device] of others.entries()) {
        options.onDevice?.(device, i + 1, others.length + 1)
        results.push(await this.tryOne(device, model, { referencePath, sha256, ...options }))
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    return results
  }

  /** What `auto` stands for: the fastest of the right ones; the CPU until another was measured to be faster. */
  async choose(model: TriedModel): Promise<DeviceChoice> {
    const sha256 = await this.shaOf(model)
    const cpu = this.resultOf('cpu', sha256)
    const tried = this.here.flatMap((device) => {
      const result = device === 'cpu' ? null : this.resultOf(device, sha256)
      return result ? [result] : []
    })
    const faster = tried
      .filter((result) => result.state === 'right' && speedOf(result) > speedOf(cpu))
      .sort((a, b) => speedOf(b) - speedOf(a))
    const best = faster.find(({ device }) => !this.failed.has(device))
    const fallen = faster.find(({ device }) => this.failed.has(device))
    const device = best?.device ?? 'cpu'
    if (fallen && (best === undefined || speedOf(fallen) > speedOf(best))) {
      return { device, reason: 'fellBack', from: fallen.device, error: this.failed.get(fallen.device)! }
    }
    const reason: AutoReason = best ? 'fastest' : tried.length > 0 ? 'cpuIsBest' : 'notMeasured'
    return { device, reason, from: null, error: null }
  }

  /** The engine could not be opened on it: `auto` leaves it out until the program is started anew, or it is tried again. */
  markFailed(device: ConcreteDevice, error: ErrorPayload): void {
    if (device !== 'cpu') this.failed.set(device, error)
  }

  private get here(): readonly ConcreteDevice[] {
    const { platform = process.platform, arch = process.arch } = this.options
    return providersOn(platform, arch).map(({ device }) => device)
  }

  private get system(): string {
    const { platform = process.platform, arch = process.arch } = this.options
    return `${platform}/${arch}`
  }

  private async tryCpu(
    model: TriedModel,
    sha256: string,
    { referencePath, signal }: ProbeOptions & { readonly referencePath: string }
  ): Promise<DeviceResult> {
    const probed = await this.run('cpu', model, { outPath: referencePath, referencePath: null, signal })
    if (!probed.event.isFinite) throw new AppError('E_MODEL_OUTPUT', { detail: 'the CPU itself gives no sound' })
    const result: DeviceResult = {
      ...base('cpu', sha256, this.now()),
      ...costs(probed.event),
      state: 'right',
      vramBytes: null
    }
    await this.remember(result)
    return result
  }

  private async tryOne(
    device: ConcreteDevice,
    model: TriedModel,
    options: ProbeOptions & { readonly referencePath: string; readonly sha256: string }
  ): Promise<DeviceResult> {
    const { referencePath, sha256, signal } = options
    this.failed.delete(device)
    const outPath = `${referencePath}.${device}`
    let result: DeviceResult
    try {
      const { event, vramBytes, adapter } = await this.run(device, model, { outPath, referencePath, signal })
      result = { ...base(device, sha256, this.now()), ...costs(event), ...judged(event), vramBytes, adapter }
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.code === 'E_CANCELLED') throw error
      result = refused(device, sha256, refusalOf(error), this.now())
    }
    await this.remember(result)
    return result
  }

  private async run(
    device: ConcreteDevice,
    model: TriedModel,
    {
      signal,
      ...paths
    }: { readonly outPath: string; readonly referencePath: string | null; readonly signal: AbortSignal | undefined }
  ): Promise<{ event: Probed; vramBytes: number | null; adapter: string | null }> {
    const { timeoutMs = TIMEOUT_MS, maxChunksSec: maxSec = MAX_CHUNKS_SEC, workshop, readGpu } = this.options
    const timeout = AbortSignal.timeout(timeoutMs)
    const { path: modelPath, sha256 } = graphOf(model)
    const watch = device === 'cpu' || !readGpu ? null : new GpuWatch(readGpu, () => workshop.pids)
    try {
      const request = { modelPath, sha256, device, maxSec, ...paths }
      const event = await workshop.probe(request, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
      return { event, vramBytes: watch?.peakBytes ?? null, adapter: watch?.name ?? null }
    } catch (thrown) {
      if (timeout.aborted && !signal?.aborted) {
        throw new AppError('E_TIMEOUT', { detail: `${timeoutMs / 1000} s` }, thrown)
      }
      throw thrown
    } finally {
      watch?.close()
    }
  }

  private async remember(result: DeviceResult): Promise<void> {
    await this.options.records.set(this.keyOf(result.device, result.sha256), result).catch((error: unknown) => {
      this.options.log(`the trial of ${result.device} could not be written down: ${String(error)}`)
    })
  }

  private resultOf(device: ConcreteDevice, sha256: string): DeviceResult | null {
    return this.options.records.get(this.keyOf(device, sha256))
  }

  /** Of what a result depends on. */
  private keyOf(device: ConcreteDevice, sha256: string): string {
    const { graphics = '', hasCuda, ortVersion } = this.options
    const cuda = device === 'cuda' && hasCuda?.() ? ' with libraries' : ''
    const cards = device === 'cpu' || graphics === '' ? '' : ` [${graphics}]`
    return `${device}${cuda}${cards} ${ortVersion} ${this.system} ${sha256}`
  }

  private async shaOf(model: TriedModel): Promise<string> {
    const { path: file, sha256 } = graphOf(model)
    if (sha256 !== null) return sha256
    const { size, mtimeMs } = await stat(file)
    const key = `${file} ${size} ${mtimeMs}`
    const known = this.hashes.get(key) ?? (await hashFile(file))
    this.hashes.set(key, known)
    return known
  }

  private now(): string {
    return this.options.now?.() ?? new Date().toISOString()
  }
}

function graphOf({ files, join }: TriedModel): { readonly path: string; readonly sha256: string | null } {
  return join === 'carried' && files.statefulPath !== null
    ? { path: files.statefulPath, sha256: files.statefulSha256 }
    : { path: files.onePassPath, sha256: files.onePassSha256 }
}

function speedOf(result: DeviceResult | null): number {
  return result?.audioSec && result.wallSec ? result.audioSec / result.wallSec : 0
}

function figures(
  result: DeviceResult | null
): Pick<DeviceView, 'adapter' | 'detail' | 'speed' | 'matchDb' | 'rssBytes' | 'vramBytes' | 'testedAt'> {
  const { adapter = null, detail = null, matchDb = null, rssBytes = null, vramBytes = null } = result ?? {}
  const speed = speedOf(result)
  return {
    ...{ adapter, detail, matchDb, rssBytes, vramBytes },
    speed: speed === 0 ? null : speed,
    testedAt: result?.testedAt ?? null
  }
}

function base(device: ConcreteDevice, sha256: string, testedAt: string): Omit<DeviceResult, 'state'> {
  const nothing = { audioSec: null, wallSec: null, loadSec: null, firstSec: null, matchDb: null, rssBytes: null }
  return { device, sha256, testedAt, adapter: null, reason: null, detail: null, vramBytes: null, ...nothing }
}

function refused(
  device: ConcreteDevice,
  sha256: string,
  { reason, detail }: { readonly reason: DeviceReason; readonly detail: string },
  testedAt: string
): DeviceResult {
  return { ...base(device, sha256, testedAt), state: 'unavailable', reason, detail }
}

function costs(event: Probed): Pick<DeviceResult, 'audioSec' | 'wallSec' | 'loadSec' | 'firstSec' | 'rssBytes'> {
  const { audioSec, wallSec, loadSec, firstSec, peakRssBytes: rssBytes } = event
  return { audioSec, wallSec, loadSec, firstSec, rssBytes }
}

function judged({ isFinite, snrDb }: Probed): Pick<DeviceResult, 'state' | 'reason' | 'detail' | 'matchDb'> {
  const matchDb = snrDb
  if (!isFinite) return { state: 'wrong', reason: 'notFinite', detail: null, matchDb }
  if (snrDb === null || snrDb < RIGHT_DB) {
    return { state: 'wrong', reason: 'wrongResult', detail: `${snrDb?.toFixed(1) ?? 'no'} dB`, matchDb }
  }
  return { state: 'right', reason: null, detail: null, matchDb }
}

/** A process's end, or the words of a library. */
function refusalOf(error: AppError): { readonly reason: DeviceReason; readonly detail: string } {
  const detail = String(error.data.detail ?? error.message)
  if (error.code === 'E_TIMEOUT') return { reason: 'timedOut', detail }
  if (error.code === 'E_MEMORY' || error.code === 'E_GPU_OOM') return { reason: 'outOfMemory', detail }
  if (error.code === 'E_WORKSHOP_CRASH') return { reason: 'crashed', detail }
  const said = String(error.data.said ?? '')
  const told = explainRefusal(said === '' ? detail : `${detail} ${said}`)
  return told.reason === 'failed' ? explainRefusal(detail) : told
}
