import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useFormat } from '../../format/useFormat'
import { limitOf } from '../../memory/samples'
import { useMemory } from '../../stores/memory'
import { usePreflight } from '../../stores/preflight'

/** A screen reader that is reading it is not interrupted more often. */
const EVERY_MS = 10_000

/** The graph in one sentence, said anew every ten seconds. Not live: it is read when the graph is asked for. */
export function useMemorySummary(): ShallowRef<string> {
  const { t, locale } = useI18n()
  const format = useFormat()
  const memory = useMemory()
  const preflight = usePreflight()
  const text = shallowRef('')

  const size = (bytes: number | null): string => (bytes === null ? t('memory.unknown') : format.bytes(bytes))
  function say(): void {
    const { last } = memory
    text.value = last
      ? t('memory.summary', {
          engine: size(last.engineRssBytes),
          peak: size(last.enginePeakRssBytes > 0 ? last.enginePeakRssBytes : null),
          app: size(last.appRssBytes),
          limit: size(limitOf(last)),
          forecast: size(preflight.forecastBytes)
        })
      : t('memory.waiting')
  }
  const timer = setInterval(say, EVERY_MS)
  onScopeDispose(() => {
    clearInterval(timer)
  })
  watch([locale, () => memory.last === null], say, { immediate: true })
  return text
}
