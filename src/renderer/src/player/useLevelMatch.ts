import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import type { ClipProgress, LoudnessView, PlayerClip } from '../../../shared/ipc/playerViews'
import { call, payloadOf } from '../ipc/client'
import { AskInTurn } from './askInTurn'
import type { Loop } from './frameQueue'
import { AS_THEY_ARE, matchLevels, type LevelMatch } from './levelMatch'

interface Question {
  readonly token: string
  readonly startFrame: number
  readonly endFrame: number
}

/** The factors for what is looped, else for the whole clip; asked again when the clip has been read to its end. */
export function useLevelMatch(of: {
  readonly clip: Readonly<Ref<PlayerClip | null>>
  readonly progress: Readonly<Ref<ClipProgress | null>>
  readonly loop: Readonly<Ref<Loop | null>>
  readonly on: Readonly<Ref<boolean>>
}): { readonly match: Readonly<Ref<LevelMatch>>; readonly error: Readonly<Ref<ErrorPayload | null>> } {
  const match = shallowRef<LevelMatch>(AS_THEY_ARE)
  const error = shallowRef<ErrorPayload | null>(null)
  const asking = new AskInTurn<Question, LoudnessView>((question) => call('player.loudness', question), {
    take: ({ token }, answer) => {
      if (token !== of.clip.value?.token) return
      match.value = matchLevels(answer)
      error.value = null
    },
    fail: (thrown) => (error.value = payloadOf(thrown))
  })

  watch(
    () => of.clip.value?.token,
    () => {
      match.value = AS_THEY_ARE
      error.value = null
    },
    { flush: 'sync' }
  )
  watch([of.clip, of.loop, of.on, () => of.progress.value?.fraction === 1] as const, ([clip, loop, on]) => {
    if (!clip || !on || !clip.signals.includes('clean')) return
    asking.wish({ token: clip.token, startFrame: loop?.fromFrame ?? 0, endFrame: loop?.toFrame ?? clip.frames })
  })
  onScopeDispose(() => {
    asking.close()
  })
  return { match, error }
}
