import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import { PREVIEW_SEC, type PreviewView } from '../../../shared/ipc/playerViews'
import { call, onPush, payloadOf } from '../ipc/client'
import { usePlayer } from './player'
import { usePreflight } from './preflight'

export type PreviewFrom = 'noise' | 'loop' | 'playhead'

/** A few seconds of a file with the form's settings; when it is there it is opened. */
export const usePreview = defineStore('preview', () => {
  const player = usePlayer()
  const preflight = usePreflight()
  const lengthSec = ref<number>(PREVIEW_SEC.default)
  const from = ref<PreviewFrom>('noise')
  const current = shallowRef<PreviewView | null>(null)
  const error = shallowRef<ErrorPayload | null>(null)
  const isAsked = ref(false)
  /** Where the file stood when its preview was opened. */
  const backSec = ref(0)
  let lastTold: PreviewView | null = null

  const isWorking = computed(() => isAsked.value || current.value?.state.kind === 'working')
  const fraction = computed(() => (current.value?.state.kind === 'working' ? current.value.state.fraction : null))
  /** Of the clip that is open, where it is a preview. */
  const measured = computed(() =>
    player.clip?.kind === 'preview' && current.value?.state.kind === 'done' ? current.value.state : null
  )

  /** Where the chosen part begins in the source; null for the loudest noise. */
  function startOf(jobId: string): { readonly startSec: number | null; readonly lengthSec: number } {
    const { clip, region } = player
    if (from.value === 'noise' || clip?.jobId !== jobId) return { startSec: null, lengthSec: lengthSec.value }
    if (from.value === 'loop' && region) {
      const sec = (region.toFrame - region.fromFrame) / clip.sampleRateHz
      return {
        startSec: clip.offsetSec + region.fromFrame / clip.sampleRateHz,
        lengthSec: Math.min(PREVIEW_SEC.max, Math.max(PREVIEW_SEC.min, sec))
      }
    }
    return { startSec: clip.offsetSec + player.positionNow() / clip.sampleRateHz, lengthSec: lengthSec.value }
  }

  async function start(jobId: string): Promise<void> {
    if (isWorking.value) return
    isAsked.value = true
    error.value = null
    current.value = null
    try {
      const { previewId } = await call('preview.start', { jobId, ...startOf(jobId) })
      take(lastTold?.previewId === previewId ? lastTold : working(previewId, jobId))
    } catch (thrown) {
      error.value = payloadOf(thrown)
    }
    isAsked.value = false
  }

  async function cancel(): Promise<void> {
    const view = current.value
    if (view?.state.kind !== 'working') return
    try {
      await call('preview.cancel', { previewId: view.previewId })
      if (current.value?.previewId === view.previewId) current.value = null
    } catch (thrown) {
      error.value = payloadOf(thrown)
    }
  }

  function take(view: PreviewView): void {
    current.value = view
    if (view.state.kind === 'failed' && view.state.error.code !== 'E_CANCELLED') error.value = view.state.error
    if (view.state.kind === 'failed') current.value = null
    if (view.state.kind !== 'done') return
    const { clip } = player
    if (clip?.kind === 'file') backSec.value = player.positionNow() / clip.sampleRateHz
    preflight.askSoon()
    void player.openJob(view.jobId, { previewId: view.previewId, play: true })
  }
  /** From a preview to its file, where it was left. */
  function back(): void {
    const { clip } = player
    if (clip?.kind === 'preview') void player.openJob(clip.jobId, { atSec: backSec.value, focus: true })
  }
  onPush('preview', ({ preview }) => {
    lastTold = preview
    if (current.value?.previewId === preview.previewId) take(preview)
  })

  return { lengthSec, from, current, error, isWorking, fraction, measured, start, cancel, back }
})

const working = (previewId: string, jobId: string): PreviewView => ({
  previewId,
  jobId,
  state: { kind: 'working', fraction: 0 }
})
