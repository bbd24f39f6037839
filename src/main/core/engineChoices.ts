import type { EngineSettings } from '../../engine/protocol'
import type { DeviceChoice } from '../../shared/ipc/deviceViews'
import type { EngineView } from '../../shared/ipc/views'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { PrecisionReason } from '../../shared/settings/choices'
import type { EngineStatus } from '../processes/engineHost'

/** What an engine was given, in the words of the settings. */
export interface EngineChoice {
  readonly modelId: string
  /** Null where it is the precision that was asked for. */
  readonly precisionReason: PrecisionReason | null
  /** Why `auto` stands for its device; null where the device was named. */
  readonly deviceChoice: DeviceChoice | null
  /** The wish itself. */
  readonly wish: JobSettings
}

/** Remembers which model an engine's files are, and why they are of that precision: an engine knows paths only. */
export class EngineChoices {
  /** What the batch's engine was last wished with. */
  last: EngineSettings | null = null
  private readonly choices = new Map<string, EngineChoice>()

  /** Of the settings that an engine is started with; null where it has none, or they were made elsewhere. */
  of(settings: EngineSettings | null): EngineChoice | null {
    return settings && (this.choices.get(keyOf(settings)) ?? null)
  }

  /** Its files will be gone: nobody starts an engine with them again. */
  forgetLast(modelId: string): void {
    if (this.of(this.last)?.modelId === modelId) this.last = null
  }

  /** True where the same engine now stands for another wish. */
  note(
    settings: EngineSettings,
    wish: JobSettings,
    why: Pick<EngineChoice, 'precisionReason' | 'deviceChoice'>
  ): boolean {
    const key = keyOf(settings)
    const before = this.choices.get(key)
    const { precisionReason, deviceChoice } = why
    this.choices.set(key, { modelId: wish.modelId, precisionReason, deviceChoice, wish })
    if (before === undefined) return false
    const isSameDevice = JSON.stringify(before.deviceChoice) === JSON.stringify(deviceChoice)
    return before.precisionReason !== precisionReason || !isSameDevice
  }
}

/** What decides which files are taken. */
function keyOf({ model, device }: EngineSettings): string {
  return JSON.stringify([model.onePassPath, device])
}

/** The engine as the window sees it. */
export function engineViewOf(status: EngineStatus, pid: number | undefined, choice: EngineChoice | null): EngineView {
  if (status.kind !== 'ready') return status
  const { device, threads, join, precision } = status.ready
  const precisionReason = choice?.precisionReason ?? null
  const deviceChoice = choice?.deviceChoice ?? null
  return { kind: 'ready', device, threads, join, precision, precisionReason, pid: pid ?? null, deviceChoice }
}
