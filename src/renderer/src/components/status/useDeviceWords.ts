import { useI18n } from 'vue-i18n'
import type { EngineView } from '../../../../shared/ipc/views'

type Ready = Extract<EngineView, { kind: 'ready' }>

const KNOWN = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const

/** `CPU · 2 threads`: what the engine says it runs on. A device that has no name here goes by its own. */
export function useDeviceWords(): (engine: Ready) => string {
  const { t } = useI18n()
  return ({ device, threads }) => {
    const known = KNOWN.find((name) => name === device.toLowerCase())
    const name = known ? t(`status.devices.${known}`) : device
    return t('settings.device.inUse', { device: name, n: threads }, threads)
  }
}

/** Why it is this device: what `auto` stands for, or that it was named. Nothing is on the CPU in silence. */
export function useDeviceWhy(): (engine: Ready) => string {
  const { t } = useI18n()
  return ({ deviceChoice = null }) => {
    if (deviceChoice === null) return t('status.why.named')
    const { reason, from } = deviceChoice
    return t(`status.why.${reason}`, { from: from === null ? '' : t(`status.devices.${from}`) })
  }
}

/** `CPU · 2 threads · FP32 (FP16 not checked here)`: with the precision, and why it is not the one that was asked for. */
export function useEngineWords(): (engine: Ready) => string {
  const { t } = useI18n()
  const deviceWords = useDeviceWords()
  return (engine) => {
    const device = deviceWords(engine)
    const precision = t(`models.precisions.${engine.precision}`)
    if (engine.precisionReason === null) return t('status.withPrecision', { device, precision })
    const reason = t(`status.precisionReasons.${engine.precisionReason}`)
    return t('status.withReason', { device, precision, reason })
  }
}
