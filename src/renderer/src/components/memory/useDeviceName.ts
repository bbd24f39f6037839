import { useI18n } from 'vue-i18n'

const NAMED_DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const

/** A device in words; one that has no name here goes by its own. */
export function useDeviceName(): (device: string) => string {
  const { t } = useI18n()
  return (device) => {
    const known = NAMED_DEVICES.find((name) => name === device.toLowerCase())
    return known ? t(`memory.devices.${known}`) : device
  }
}
