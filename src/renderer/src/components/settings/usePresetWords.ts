import { useI18n } from 'vue-i18n'
import type { ChunkSettings } from '../../../../shared/settings/appSettings'
import { useFormat } from '../../format/useFormat'

/** What a preset of the user's holds, in a line: `Overlapping, 6 s with 0.5 s`. */
export function usePresetWords(): (values: ChunkSettings) => string {
  const { t } = useI18n()
  const format = useFormat()
  return (values) => {
    const length = format.span(values.chunkSec)
    if (values.join === 'carried') return t('presets.userCarried', { length })
    return t('presets.userOverlap', { length, overlap: format.span(values.overlapSec) })
  }
}
