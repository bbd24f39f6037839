import type { AppError, WarningCode } from '../../shared/errors/appError'
import { isDeviceLost } from '../../shared/errors/deviceLost'
import type { JobSettings } from '../../shared/settings/jobSettings'
import { EngineCrash, EngineUnavailable } from '../processes/engineErrors'

/** Losses in a row, without a file done between them, after which the rest of the batch runs on the CPU. */
const LOSSES_BEFORE_CPU = 2

/** What is done where a device is lost in the middle of a batch: a fresh process, and the second time the CPU (RELIABILITY R26). */
export class LostDevice {
  private losses = 0
  private readonly counted = new WeakSet()
  private onCpu = false

  /** A new batch hopes for the device again. Answers whether the last one ended without it. */
  reset(): boolean {
    const was = this.onCpu
    this.losses = 0
    this.onCpu = false
    return was
  }

  /** Whether this is a lost device, or one that could not be had again after it was lost. On the CPU nothing is. */
  concerns(error: AppError): boolean {
    if (this.onCpu) return false
    if (error.code === 'E_GPU_LOST') return true
    if (error instanceof EngineCrash) return !error.deliberate && isDeviceLost(String(error.data.detail))
    return this.losses > 0 && error instanceof EngineUnavailable && error.code === 'E_DEVICE_UNAVAILABLE'
  }

  /** One loss for each start of the engine, whatever number of files went down with it. */
  count(start: object): void {
    if (this.counted.has(start)) return
    this.counted.add(start)
    this.losses++
    this.onCpu ||= this.losses >= LOSSES_BEFORE_CPU
  }

  finished(): void {
    this.losses = 0
  }

  /** What a job is now run with. */
  instead(settings: JobSettings): JobSettings {
    return this.onCpu ? { ...settings, device: 'cpu' } : settings
  }

  /** What the user is told of a file that was meant for `settings`. */
  warningsOf({ device }: JobSettings): readonly WarningCode[] {
    return this.onCpu && device !== 'cpu' ? ['W_DEVICE_FALLBACK'] : []
  }
}
