import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import type { EngineSettings, SessionFacts } from '../../engine/protocol'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { GpuMemory } from '../../shared/ipc/memoryViews'
import { orCancelled, refuseCancelled } from '../bench/cancelling'
import { EngineHost } from '../processes/engineHost'
import { HOST_LIMITS, type HostLimits } from '../processes/engineProcess'
import type { OpenTransport } from '../processes/engineTransport'
import { calibrationWav } from './calibrationWav'
import { fitForecast } from './fit'
import type { MeasuredPoint } from './memoryBook'
import type { Shape } from './shape'

/** Enough to tell what a session, a lane and a second of it take, and whether longer chunks or lanes are faster. */
export const CALIBRATION_SHAPES: readonly Shape[] = [
  { chunkSec: 0.25, batch: 1 },
  { chunkSec: 0.5, batch: 1 },
  { chunkSec: 1, batch: 1 },
  { chunkSec: 0.5, batch: 4 }
]
/** A carried run is as long as its chunk, however short the file; an overlapped one is never longer than the file. */
const FILE_SEC = { carried: 1.1, overlap: 3.6 } as const
/** No shape is tried that is forecast to take more than this share of the free memory. */
const FREE_SHARE = 0.7
const GPU_EVERY_MS = 100
/** What a recording of minutes adds to one of a second: kept excerpts, and a heap that has grown. Measured: 6 to 11 MB. */
const LONGER_FILE_BYTES = 10e6
/** A machine that is busy with something else is no reason to call an engine dead. */
const LIMITS: HostLimits = { ...HOST_LIMITS, silentSec: 300, silentAtStartSec: 300 }
/** The last word of a session comes with its heartbeat. */
const FACTS_PATIENCE_MS = 15_000

export interface CalibrateOptions {
  readonly open: OpenTransport
  /** A new folder in it holds recordings and results, and is removed. */
  readonly folder: string
  readonly availableBytes: number
  readonly signal: AbortSignal
  /** Device memory of these processes; absent where no device is asked about. */
  readonly readGpu?: (pids: readonly number[]) => Promise<GpuMemory>
  readonly onPoint?: (point: MeasuredPoint) => void
  /** Nobody waits for it. */
  readonly isBackground?: boolean
  /** Of the recording; short ones by default. */
  readonly fileSec?: number
}

/**
 * Runs a few shapes, each in an engine of its own that is gone afterwards, over a short recording: with the survey, the resampling
 * and the writing of any file. What does not fit is left out; the smallest shape's error is thrown, and `E_CANCELLED`.
 */
export async function calibrate(
  settings: EngineSettings,
  options: CalibrateOptions
): Promise<readonly MeasuredPoint[]> {
  const folder = await mkdtemp(path.join(options.folder, 'measure-'))
  try {
    const points: MeasuredPoint[] = []
    for (const shape of CALIBRATION_SHAPES) {
      const forecast = points.length < 2 ? null : fitForecast(points)
      if (forecast !== null && forecast(shape) > FREE_SHARE * options.availableBytes) continue
      try {
        const point = await measureShape({ ...settings, ...shape }, folder, options)
        points.push({ ...point, peakBytes: point.peakBytes + LONGER_FILE_BYTES })
      } catch (thrown) {
        const error = toAppError(orCancelled(thrown, options.signal))
        const isShortage = error.code === 'E_MEMORY' || error.code === 'E_GPU_OOM'
        if (points.length === 0 || !isShortage) throw error
        break
      }
      options.onPoint?.(points.at(-1)!)
    }
    return points
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** One shape, in an engine of its own, over a recording in `folder` of so many seconds as the options say. */
export async function measureShape(
  settings: EngineSettings,
  folder: string,
  options: CalibrateOptions
): Promise<MeasuredPoint> {
  const { open, signal, readGpu } = options
  refuseCancelled(signal)
  const channels = Math.max(2, settings.batch)
  const inputPath = path.join(folder, `${settings.chunkSec}x${channels}.wav`)
  await writeFile(inputPath, calibrationWav(channels, options.fileSec ?? FILE_SEC[settings.join]))
  const host = new EngineHost(open, LIMITS)
  const kill = (): void => {
    host.killNow()
  }
  signal.addEventListener('abort', kill, { once: true })
  try {
    const status = await host.start({ ...settings, overlapSec: Math.min(settings.overlapSec, settings.chunkSec / 2) })
    if (status.kind === 'unavailable') throw new AppError(status.error.code, status.error.data)
    if (options.isBackground) lowerPriority(host.pid)
    const vram = new VramPeak(host, readGpu)
    const partPath = path.join(folder, `${settings.chunkSec}x${settings.batch}.part`)
    const file = { jobId: 'measure', inputPath, partPath, outputContainer: null, residualGain: 0, isUrgent: false }
    await host.denoise(file, { signal })
    const facts = await lastFacts(host)
    const { chunkSec, batch } = settings
    return { chunkSec, batch, peakBytes: host.peakRssBytes, vramBytes: await vram.end(), speed: speedOf(facts) }
  } finally {
    signal.removeEventListener('abort', kill)
    host.killNow()
    await host.shutdown()
  }
}

/** Seconds of audio of all lanes a second of the model; null before anything ran. */
export function speedOf({ laneSec, modelSec }: Pick<SessionFacts, 'laneSec' | 'modelSec'>): number | null {
  return laneSec > 0 && modelSec > 0 ? laneSec / modelSec : null
}

function lastFacts(host: EngineHost): Promise<SessionFacts> {
  return new Promise((resolve, reject) => {
    const end = host.onFacts((facts) => {
      if (facts === null || facts.files === 0) return
      clearTimeout(timer)
      end()
      resolve(facts)
    })
    const timer = setTimeout(() => {
      end()
      reject(new AppError('E_ENGINE_CRASH', { detail: 'the engine told nothing of its session' }))
    }, FACTS_PATIENCE_MS)
  })
}

/** A measurement is nothing that a person waits for. */
function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Some systems keep that to themselves: it is then measured like any other work.
  }
}

class VramPeak {
  private peakBytes = 0
  private readonly timer: NodeJS.Timeout | null
  private reading: Promise<void> = Promise.resolve()

  constructor(host: EngineHost, read: CalibrateOptions['readGpu']) {
    const look = async (): Promise<void> => {
      const { pid } = host
      if (!read || pid === undefined) return
      const gpu = await read([pid])
      if (gpu.kind === 'known') this.peakBytes = Math.max(this.peakBytes, gpu.oursBytes ?? 0)
    }
    this.timer = read
      ? setInterval(() => {
          this.reading = look()
        }, GPU_EVERY_MS)
      : null
  }

  async end(): Promise<number | null> {
    if (this.timer) clearInterval(this.timer)
    await this.reading
    return this.peakBytes > 0 ? this.peakBytes : null
  }
}
