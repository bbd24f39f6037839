import { useI18n } from 'vue-i18n'
import type { OutlookAct, OutlookDisk, OutlookFile } from '../../../../shared/ipc/outlookViews'
import { useFormat } from '../../format/useFormat'
import { useErrorText } from '../../i18n'
import type { Tone } from '../ui/kit'

/** Room that should stay free. */
const DISK_MARGIN_BYTES = 2_000_000_000

export const ACT_TONES: Readonly<Record<OutlookAct, Tone>> = {
  new: 'done',
  renamed: 'accent',
  replaced: 'warn',
  ifChanged: 'accent',
  skipped: 'neutral',
  cannot: 'failed'
}

export interface OutlookWords {
  readonly act: (file: OutlookFile) => string
  /** Why it is so; null where there is nothing to explain. */
  readonly reason: (file: OutlookFile) => string | null
  readonly disk: (disk: OutlookDisk) => { readonly text: string; readonly isFull: boolean }
}

/** What becomes of a file, in the window's language. */
export function useOutlookWords(): OutlookWords {
  const { t } = useI18n()
  const format = useFormat()
  const errorText = useErrorText()
  return {
    act: ({ act }) => t(`outlook.acts.${act}`),
    reason: ({ act, wanted, error }) => {
      if (act === 'new') return null
      if (act === 'cannot') return error === null ? null : errorText(error).what
      return t(`outlook.reasons.${act}`, { name: wanted ?? '' })
    },
    disk: ({ path, bytes, passingBytes, freeBytes }) => {
      const needed = bytes + passingBytes
      const isFull = freeBytes !== null && needed + DISK_MARGIN_BYTES > freeBytes
      const size = format.bytes(isFull ? needed : bytes)
      if (freeBytes === null) return { text: t('outlook.disk', { size, path }), isFull }
      const named = { size, path, free: format.bytes(freeBytes) }
      if (isFull) return { text: t('outlook.diskFull', named), isFull }
      const text = t('outlook.diskFree', named)
      const passing = t('outlook.passing', { size: format.bytes(passingBytes) })
      return { text: passingBytes > 0 ? t('units.joined', { first: `${text}.`, second: passing }) : text, isFull }
    }
  }
}
