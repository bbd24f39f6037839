import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { WorkshopEvent } from '../../engine/workshopProtocol'
import { toAppError } from '../../shared/errors/appError'
import type { Device } from '../../shared/settings/choices'
import type { WorkshopHost } from '../processes/workshopHost'
import type { PrecisionFiles, SelfCheck } from './modelRecord'

/** Below this FP16 is not taken for FP32's equal. */
export const TRUSTED_SNR_DB = 45

type Tried = Extract<WorkshopEvent, { type: 'tried' }>

/** The stateful graph of one precision. */
export interface CheckedGraph {
  readonly statefulPath: string
  readonly sha256: string
}

export interface SelfCheckOptions {
  /** Results lie here while they are compared. */
  readonly scratchFolder: string
  readonly fp32: CheckedGraph
  readonly fp16: CheckedGraph
  readonly device: Device
  readonly now: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((fraction: number) => void) | undefined
}

/**
 * FP16 against FP32 on one device: both run the same clip in a process of their own, so that each one's memory is its own. What a
 * device cannot do is the check's result, not an error; only `E_CANCELLED` is thrown, and errors of the file system.
 */
export async function runSelfCheck(workshop: WorkshopHost, options: SelfCheckOptions): Promise<SelfCheck> {
  const { scratchFolder, device, now, signal } = options
  const [reference, result] = [path.join(scratchFolder, '.check-fp32'), path.join(scratchFolder, '.check-fp16')]
  const attempt = async (graph: CheckedGraph, outPath: string, referencePath: string | null): Promise<Tried> => {
    const once = (): Promise<Tried> =>
      workshop.try({ ...graph, device, outPath, referencePath }, signal ? { signal } : {})
    try {
      return await once()
    } catch (thrown) {
      // A process that was killed once says nothing of the model; twice, it does.
      if (toAppError(thrown).code !== 'E_WORKSHOP_CRASH') throw thrown
      return once()
    }
  }
  const base = { device: keyOf(device), checkedAt: now }
  let fp32: Tried | null = null
  try {
    options.onProgress?.(0)
    fp32 = await attempt(options.fp32, reference, null)
    options.onProgress?.(0.5)
    const fp16 = await attempt(options.fp16, result, reference)
    return { ...base, ...compared(fp32, fp16), error: null }
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code === 'E_CANCELLED') throw error
    const nothing = { snrDb: null, isFinite: false, fp16: null, speedRatio: null, isTrusted: false }
    return { ...base, ...nothing, fp32: fp32 && costOf(fp32), error: error.toPayload() }
  } finally {
    await Promise.all([rm(reference, { force: true }), rm(result, { force: true })])
  }
}

/** Of an installed model in `folder`; null where there is no stateful graph. */
export function graphIn(folder: string, { stateful }: PrecisionFiles): CheckedGraph | null {
  return stateful && { statefulPath: path.join(folder, stateful.name), sha256: stateful.sha256 }
}

/** `auto` is the CPU, as the engine takes it. */
export function keyOf(device: Device): Device {
  return device === 'auto' ? 'cpu' : device
}

function compared(
  fp32: Tried,
  fp16: Tried
): Pick<SelfCheck, 'snrDb' | 'isFinite' | 'fp32' | 'fp16' | 'speedRatio' | 'isTrusted'> {
  const isFinite = fp32.isFinite && fp16.isFinite
  const { snrDb } = fp16
  return {
    snrDb,
    isFinite,
    fp32: costOf(fp32),
    fp16: costOf(fp16),
    // Two seconds of wall time on a machine that does other things say little; CPU time says what it costs.
    speedRatio: fp32.device === 'cpu' ? fp32.cpuSec / fp16.cpuSec : fp32.wallSec / fp16.wallSec,
    isTrusted: isFinite && snrDb !== null && snrDb >= TRUSTED_SNR_DB
  }
}

function costOf({ wallSec, peakRssBytes }: Tried): NonNullable<SelfCheck['fp32']> {
  return { wallSec, peakRssBytes }
}
