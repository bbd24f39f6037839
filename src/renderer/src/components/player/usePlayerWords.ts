import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Signal } from '../../../../shared/ipc/playerViews'
import { usePlayer } from '../../stores/player'

interface PlayerWords {
  /** The name of a signal; while a blind round goes on nobody says it. */
  readonly signal: (signal: Signal) => string
  /** `Clean, playing`. */
  readonly state: ComputedRef<string>
}

export function usePlayerWords(): PlayerWords {
  const { t } = useI18n()
  const player = usePlayer()
  const signal = (of: Signal): string => t(`player.signals.${of}`)
  const state = computed(() => {
    const name = player.blind && player.isSecret ? player.blind.listeningTo.toUpperCase() : signal(player.signal)
    const doing = player.isPlaying ? (player.isReading ? 'reading' : 'playing') : 'paused'
    return t('player.stateText', { name, doing: t(`player.doing.${doing}`) })
  })
  return { signal, state }
}
