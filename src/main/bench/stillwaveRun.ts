import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineEvent, type EngineSettings } from '../../engine/protocol'
import { AppError } from '../../shared/errors/appError'
import { EngineHost } from '../processes/engineHost'
import type { OpenTransport } from '../processes/engineTransport'
import { orCancelled, refuseCancelled } from './cancelling'
import type { FileCost } from './fileCost'

export interface StillwaveRun {
  readonly settings: EngineSettings
  readonly inputPaths: readonly string[]
  /** Results go here as `0.wav`, `1.wav` ... */
  readonly outFolder: string
}

export interface StillwaveOptions {
  readonly signal: AbortSignal
  /** 0 to 1 over all files. */
  readonly onProgress?: (fraction: number) => void
}

export interface StillwaveCosts {
  readonly files: readonly FileCost[]
  /** Where the model really ran. */
  readonly device: string
}

/** Resident memory is told once a second at least. */
const HEARTBEAT_PATIENCE_MS = 5000

/** Stillwave's own engine over some files, in order, in a process of its own that is gone when this settles. */
export async function runStillwave(
  open: OpenTransport,
  run: StillwaveRun,
  { signal, onProgress }: StillwaveOptions
): Promise<StillwaveCosts> {
  refuseCancelled(signal)
  const memory = new MemoryWord()
  const host = new EngineHost(memory.listeningTo(open))
  const kill = (): void => {
    host.killNow()
  }
  signal.addEventListener('abort', kill, { once: true })
  try {
    const status = await host.start(run.settings)
    refuseCancelled(signal)
    if (status.kind === 'unavailable') throw new AppError(status.error.code, status.error.data)
    if (status.kind !== 'ready') throw new AppError('E_ENGINE_CRASH', { detail: `the engine is ${status.kind}` })
    const files: FileCost[] = []
    for (const [index, inputPath] of run.inputPaths.entries()) {
      const onFraction = (fraction: number): void => onProgress?.((index + fraction) / run.inputPaths.length)
      const partPath = path.join(run.outFolder, `${index}.wav`)
      files.push(await costOf(host, { jobId: String(index), inputPath, partPath }, { memory, signal, onFraction }))
    }
    return { files, device: status.ready.device }
  } catch (thrown) {
    throw orCancelled(thrown, signal)
  } finally {
    signal.removeEventListener('abort', kill)
    await host.shutdown()
  }
}

interface FileOptions {
  readonly memory: MemoryWord
  readonly signal: AbortSignal
  readonly onFraction: (fraction: number) => void
}

async function costOf(
  host: EngineHost,
  file: { readonly jobId: string; readonly inputPath: string; readonly partPath: string },
  { memory, signal, onFraction }: FileOptions
): Promise<FileCost> {
  const onProgress = ({ fraction }: { readonly fraction: number }): void => {
    onFraction(fraction)
  }
  const job = { ...file, outputContainer: null, residualGain: 0, isUrgent: false }
  const done = await host.denoise(job, { signal, onProgress })
  const { wallSec, cpuSec, modelSec } = done.timings
  const rssBytes = await memory.residentBytes(host.pid, signal)
  return { audioSec: done.durationSec, wallSec, cpuSec, modelSec, rssBytes, peakRssBytes: host.peakRssBytes }
}

/** What is known of an engine's resident memory between two files. */
class MemoryWord {
  private waiting: ((bytes: number) => void) | null = null

  listeningTo(open: OpenTransport): OpenTransport {
    return () => {
      const transport = open()
      transport.onMessage((message) => {
        const parsed = EngineEvent.safeParse(message)
        if (parsed.success && parsed.data.type === 'heartbeat') this.waiting?.(parsed.data.rssBytes)
      })
      return transport
    }
  }

  /** Linux tells from outside at once; elsewhere the engine's next heartbeat does. NaN where neither came. */
  async residentBytes(pid: number | undefined, signal: AbortSignal): Promise<number> {
    if (process.platform === 'linux' && pid !== undefined) {
      const status = await readFile(`/proc/${pid}/status`, 'latin1')
      return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) * 1024
    }
    return new Promise((resolve) => {
      const settle = (bytes: number): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        this.waiting = null
        resolve(bytes)
      }
      const giveUp = (): void => {
        settle(Number.NaN)
      }
      const timer = setTimeout(giveUp, HEARTBEAT_PATIENCE_MS)
      signal.addEventListener('abort', giveUp, { once: true })
      this.waiting = settle
    })
  }
}
