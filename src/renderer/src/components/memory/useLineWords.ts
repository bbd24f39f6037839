import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Metrics } from '../../../../shared/ipc/memoryViews'
import { valueOf, type LineId } from '../../memory/samples'
import { useMemory } from '../../stores/memory'

export interface LineWords {
  /** The lines that this machine has figures for. */
  readonly there: ComputedRef<readonly LineId[]>
  readonly name: (line: LineId) => string
  readonly hint: (line: LineId) => string
  readonly last: (line: LineId, sample: Metrics | null) => number | null
}

/** Names of the graph's lines. A card that tells the sum of all programs only has no line of ours. */
export function useLineWords(): LineWords {
  const { t } = useI18n()
  const memory = useMemory()
  const gpu = computed(() => memory.last?.gpu ?? null)
  const tellsOurs = computed(() => gpu.value?.kind === 'known' && gpu.value.oursBytes !== null)
  const there = computed((): readonly LineId[] => {
    if (gpu.value?.kind !== 'known') return ['engine', 'app']
    return tellsOurs.value ? ['engine', 'app', 'gpuOurs', 'gpuOthers'] : ['engine', 'app', 'gpuOthers']
  })
  const key = (line: LineId): LineId | 'gpuAll' => (line === 'gpuOthers' && !tellsOurs.value ? 'gpuAll' : line)
  return {
    there,
    name: (line) => t(`memory.lines.${key(line)}`),
    hint: (line) => t(`memory.lineHints.${key(line)}`),
    last: (line, sample) => (sample === null ? null : valueOf(line, sample))
  }
}
