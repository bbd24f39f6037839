import { useI18n } from 'vue-i18n'
import type { EngineView } from '../../../../shared/ipc/views'

const KNOWN = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const

/** `CPU · 2 threads`: what the engine says it runs on. A device that has no name here goes by its own. */
export function useDeviceWords(): (engine: Extract<EngineView, { kind: 'ready' }>) => string {
  const { t } = useI18n()
  return ({ device, threads }) => {
    const known = KNOWN.find((name) => name === device.toLowerCase())
    const name = known ? t(`status.devices.${known}`) : device
    return t('settings.device.inUse', { device: name, n: threads }, threads)
  }
}
