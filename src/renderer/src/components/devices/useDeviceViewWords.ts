import { useI18n } from 'vue-i18n'
import type { ConcreteDevice } from '../../../../shared/devices/providers'
import type { DeviceChoice, DeviceView } from '../../../../shared/ipc/deviceViews'
import { useFormat } from '../../format/useFormat'

/** A match of so many dB is the same to the last bit. */
const SAME_DB = 200

export interface DeviceViewWords {
  readonly name: (device: ConcreteDevice) => string
  /** `5.1× real time · matches the CPU to 109 dB · 180 MB of memory`; empty where nothing was measured. */
  readonly figures: (view: DeviceView) => string
  /** Why it is not right; null where nothing speaks against it. */
  readonly reason: (view: DeviceView) => string | null
  /** The words behind the reason, where the reason does not have them already. */
  readonly detail: (view: DeviceView) => string | null
  /** One line for a list: the speed, or why not. */
  readonly short: (view: DeviceView) => string
  readonly auto: (choice: DeviceChoice) => string
}

/** What the window says of devices. */
export function useDeviceViewWords(): DeviceViewWords {
  const { t } = useI18n()
  const format = useFormat()

  const name: DeviceViewWords['name'] = (device) => t(`status.devices.${device}`)
  const match = ({ device, matchDb }: DeviceView): string | null => {
    if (device === 'cpu') return t('devices.measure')
    if (matchDb === null) return null
    return matchDb >= SAME_DB ? t('devices.same') : t('devices.match', { snr: format.decibels(matchDb) })
  }
  const figures: DeviceViewWords['figures'] = (view) => {
    const { speed, rssBytes, vramBytes } = view
    return [
      speed === null ? null : t('devices.speed', { speed: format.speed(speed) }),
      speed === null ? null : match(view),
      rssBytes === null ? null : t('devices.rss', { size: format.bytes(rssBytes) }),
      vramBytes === null ? null : t('devices.vram', { size: format.bytes(vramBytes) })
    ]
      .filter((part) => part !== null)
      .join(' · ')
  }
  const reason: DeviceViewWords['reason'] = ({ reason: why, detail }) =>
    why === null ? null : t(`devices.reasons.${why}`, { detail: detail ?? '' })
  const detail: DeviceViewWords['detail'] = ({ reason: why, detail: words }) =>
    why === null || why === 'missingLibrary' || why === 'notOnThisSystem' ? null : words
  const short: DeviceViewWords['short'] = (view) => {
    const why = reason(view)
    if (why !== null) return why
    if (view.speed === null) return t('settings.device.unmeasured')
    if (view.device === 'cpu') return t('devices.speed', { speed: format.speed(view.speed) })
    return figures({ ...view, rssBytes: null, vramBytes: null })
  }
  const auto: DeviceViewWords['auto'] = ({ device, reason: why, from }) =>
    t(`devices.auto.reasons.${why}`, { device: name(device), from: from === null ? '' : name(from) })

  return { name, figures, reason, detail, short, auto }
}
