import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import type { ClipProgress, PlayerClip, Signal } from '../../../shared/ipc/playerViews'
import { call, onPush, payloadOf } from '../ipc/client'
import {
  blindRound,
  signalBehind,
  tossCoin,
  voted,
  type BlindSide,
  type BlindTest,
  type BlindVote
} from '../player/blind'
import type { Loop } from '../player/frameQueue'
import { AS_THEY_ARE } from '../player/levelMatch'
import { ListenGraph } from '../player/listenGraph'
import { LEAST_LOOP_SEC, regionAround, withEdge } from '../player/loopRegion'
import type { PlaybackState } from '../player/messages'
import { useLevelMatch } from '../player/useLevelMatch'
import { canFollow, followed, lengthOf, scrolled, wholeView, zoomed, type View } from '../player/view'
import { useQueue } from './queue'
import { useSettings } from './settings'

/** What the page is told of the position, at most so often; the playhead itself is drawn from the audio thread's word. */
const TELL_MS = 90
/** A sound card that is allowed to starts sooner. */
const BLOCKED_MS = 1500

export interface OpenOptions {
  readonly previewId?: string | null
  readonly play?: boolean
  /** Where in the source to stand. */
  readonly atSec?: number
  /** The keyboard goes into the player. */
  readonly focus?: boolean
}

/** One clip at a time: what is heard of it, and how it is looked at. */
export const usePlayer = defineStore('player', () => {
  const settings = useSettings()
  const queue = useQueue()
  const clip = shallowRef<PlayerClip | null>(null)
  const progress = shallowRef<ClipProgress | null>(null)
  const opening = shallowRef<string | null>(null)
  /** Why nothing is open, or why what is open cannot be heard. */
  const error = shallowRef<ErrorPayload | null>(null)
  const chosen = ref<Signal>('original')
  const isPlaying = ref(false)
  const isReading = ref(false)
  const isBlocked = ref(false)
  const position = ref(0)
  const region = shallowRef<Loop | null>(null)
  const isLooping = ref(false)
  /** What was open until its file left the list. */
  const removedName = ref<string | null>(null)
  /** A loop that is being dragged out: shown, not heard yet. */
  const draft = shallowRef<Loop | null>(null)
  const isMuted = ref(false)
  const blind = shallowRef<BlindTest | null>(null)
  const view = shallowRef<View>(wholeView(1))
  const look = ref<'both' | 'wave' | 'spectrum'>('both')
  /** Counts up when the keyboard should go to the player. */
  const focusWish = ref(0)
  let graph: ListenGraph | null = null
  let opens = 0
  let toldMs = 0
  let isFollowing = true
  /** Asked for while the sound card was still being opened. */
  let isPlayWished = false

  const frames = computed(() => clip.value?.frames ?? 0)
  const rateHz = computed(() => clip.value?.sampleRateHz ?? 1)
  const hasClean = computed(() => clip.value?.signals.includes('clean') ?? false)
  const activeLoop = computed(() => (isLooping.value ? region.value : null))
  /** What is heard. */
  const signal = computed<Signal>(() =>
    blind.value ? signalBehind(blind.value, blind.value.listeningTo) : hasClean.value ? chosen.value : 'original'
  )
  const isSecret = computed(() => blind.value !== null && blind.value.vote === null)
  const matches = computed(() => settings.current.matchLoudness || blind.value !== null)
  const level = useLevelMatch({ clip, progress, loop: activeLoop, on: matches })
  const applied = computed(() => (matches.value ? level.match.value : AS_THEY_ARE))

  function onState(state: PlaybackState): void {
    const changed = state.isPlaying !== isPlaying.value || state.isStarved !== isReading.value
    isPlaying.value = state.isPlaying
    isReading.value = state.isStarved
    const nowMs = performance.now()
    if (state.isPlaying && !changed && nowMs - toldMs < TELL_MS) return
    toldMs = nowMs
    position.value = state.positionFrame
    isBlocked.value = graph?.isBlocked ?? false
    if (state.isPlaying && isFollowing && canFollow(view.value, rateHz.value))
      view.value = followed(view.value, state.positionFrame, frames.value)
  }
  const fail = (thrown: unknown): void => {
    error.value = payloadOf(thrown)
    if (isPlaying.value) graph?.pause()
  }

  async function shut(): Promise<void> {
    const [oldGraph, oldClip] = [graph, clip.value]
    graph = null
    clip.value = null
    progress.value = null
    isPlaying.value = false
    isReading.value = false
    isBlocked.value = false
    blind.value = null
    await oldGraph?.close()
    if (oldClip) await call('player.close', { token: oldClip.token })
  }

  /** Opens a job's file, or one of its previews; the clip before is closed. */
  async function openJob(jobId: string, options: OpenOptions = {}): Promise<void> {
    const mine = ++opens
    opening.value = jobId
    error.value = null
    removedName.value = null
    try {
      await shut()
      const opened = await call('player.open', { jobId, previewId: options.previewId ?? null })
      if (mine !== opens) {
        await call('player.close', { token: opened.token })
        return
      }
      await show(opened, options, () => mine === opens)
    } catch (thrown) {
      if (mine === opens) error.value = payloadOf(thrown)
    } finally {
      if (mine === opens) opening.value = null
    }
  }

  async function show(opened: PlayerClip, options: OpenOptions, isWanted: () => boolean): Promise<void> {
    clip.value = opened
    progress.value = latest.get(opened.token) ?? opened.progress
    region.value = null
    draft.value = null
    isLooping.value = false
    view.value = wholeView(opened.frames)
    position.value = 0
    isFollowing = true
    isPlayWished = options.play ?? false
    if (opened.signals.includes('clean')) chosen.value = 'clean'
    if (options.focus) focusWish.value++
    const made = await ListenGraph.open(opened, { onState, onError: fail })
    if (!isWanted()) {
      await made.close()
      return
    }
    graph = made
    made.setReady(progress.value.readyFrames)
    applyMix()
    applyVolume()
    if (activeLoop.value) made.setLoop(activeLoop.value)
    if (position.value > 0) made.seek(position.value)
    else if (options.atSec !== undefined) seek(Math.round((options.atSec - opened.offsetSec) * opened.sampleRateHz))
    if (isPlayWished) play()
  }

  async function close(): Promise<void> {
    opens++
    opening.value = null
    error.value = null
    try {
      await shut()
    } catch (thrown) {
      error.value = payloadOf(thrown)
    }
  }

  /** A file that is taken out of the list is closed, and a word stays in its place. */
  watch(
    () => clip.value && queue.byId.has(clip.value.jobId),
    (isThere, wasThere) => {
      if (isThere !== false || !wasThere || !clip.value) return
      const { name } = clip.value
      void close().then(() => (removedName.value = name))
    }
  )

  function play(): void {
    isPlayWished = true
    if (!graph) return
    // Reading stops at an error: it begins anew where it stood.
    if (error.value !== null) graph.seek(position.value)
    error.value = null
    if (position.value >= frames.value) seek(activeLoop.value?.fromFrame ?? 0)
    isFollowing = true
    graph.play()
    setTimeout(() => (isBlocked.value = graph?.isBlocked ?? false), BLOCKED_MS)
  }
  function toggle(): void {
    if (!graph && isPlayWished) isPlayWished = false
    else if (isPlaying.value) graph?.pause()
    else play()
  }
  function seek(frame: number): void {
    const to = Math.round(Math.min(Math.max(0, frame), frames.value))
    position.value = to
    isFollowing = true
    view.value = followed(view.value, to, frames.value)
    graph?.seek(to)
  }
  const seekBy = (sec: number): void => {
    seek(positionNow() + sec * rateHz.value)
  }
  /** To the frame, at this very moment. */
  function positionNow(): number {
    return graph?.positionNow() ?? position.value
  }

  function setRegion(next: Loop | null, loops = next !== null): void {
    region.value = next
    isLooping.value = loops && next !== null
    const loop = activeLoop.value
    graph?.setLoop(loop)
    const at = positionNow()
    if (loop && (position.value < loop.fromFrame || position.value >= loop.toFrame || at >= loop.toFrame))
      seek(loop.fromFrame)
  }
  function toggleLoop(): void {
    if (isLooping.value) setRegion(region.value, false)
    else setRegion(region.value ?? regionAround(positionNow(), { frames: frames.value, rateHz: rateHz.value }), true)
  }
  function setEdge(edge: 'from' | 'to'): void {
    const next = withEdge(region.value, edge, { frame: Math.round(positionNow()), frames: frames.value })
    const isLong = next !== null && next.toFrame - next.fromFrame >= LEAST_LOOP_SEC * rateHz.value
    if (isLong) setRegion(next)
  }

  function choose(next: Signal): void {
    if (blind.value || (next !== 'original' && !hasClean.value)) return
    chosen.value = next
  }
  function listenTo(side: BlindSide): void {
    if (blind.value) blind.value = { ...blind.value, listeningTo: side }
  }
  function cycle(): void {
    if (blind.value) listenTo(blind.value.listeningTo === 'x' ? 'y' : 'x')
    else if (hasClean.value) {
      const order = ['original', 'clean', 'removed'] as const
      chosen.value = order[(order.indexOf(chosen.value) + 1) % order.length]!
    }
  }
  const nextRound = (): void => {
    if (hasClean.value) blind.value = blindRound(tossCoin(), blind.value)
  }
  const vote = (which: BlindVote): void => {
    if (blind.value) blind.value = voted(blind.value, which)
  }
  const endBlind = (): void => {
    blind.value = null
  }

  function zoom(factor: number, atFrame = positionNow()): void {
    view.value = zoomed(view.value, factor, { frame: atFrame, frames: frames.value })
  }
  function setView(next: View): void {
    view.value = next
    // Who looks elsewhere is not called back by the playhead.
    const at = positionNow()
    isFollowing = at >= next.startFrame && at <= next.endFrame
  }
  const scroll = (share: number): void => {
    setView(scrolled(view.value, share * lengthOf(view.value), frames.value))
  }
  const showAll = (): void => {
    setView(wholeView(frames.value))
  }

  function applyMix(): void {
    graph?.setMix(signal.value, applied.value.gains[signal.value])
  }
  function applyVolume(): void {
    graph?.setVolume(isMuted.value ? 0 : settings.current.volume)
  }
  watch([signal, applied], applyMix, { flush: 'sync' })
  watch(() => [settings.current.volume, isMuted.value] as const, applyVolume, { flush: 'sync' })

  /** The last word on each clip of this window: it may come before the answer that names the clip. */
  const latest = new Map<string, ClipProgress>()
  onPush('clip', (push) => {
    latest.clear()
    latest.set(push.progress.token, push.progress)
    if (push.progress.token !== clip.value?.token) return
    progress.value = push.progress
    graph?.setReady(push.progress.readyFrames)
  })
  /** A file that was opened before it was done gets its clean signal when it is. */
  watch(
    () => clip.value?.kind === 'file' && !hasClean.value && queue.byId.get(clip.value.jobId)?.status.kind === 'done',
    (isThere) => {
      if (!isThere || !clip.value) return
      void openJob(clip.value.jobId, { atSec: positionNow() / rateHz.value, play: isPlaying.value })
    }
  )

  return {
    clip,
    progress,
    opening,
    removedName,
    error,
    signal,
    isSecret,
    isPlaying,
    isReading,
    isBlocked,
    position,
    region,
    draft,
    isLooping,
    activeLoop,
    isMuted,
    blind,
    view,
    look,
    focusWish,
    frames,
    rateHz,
    hasClean,
    match: level.match,
    matchError: level.error,
    matches,
    openJob,
    close,
    play,
    toggle,
    seek,
    seekBy,
    positionNow,
    setRegion,
    toggleLoop,
    setEdge,
    choose,
    listenTo,
    cycle,
    nextRound,
    vote,
    endBlind,
    zoom,
    setView,
    scroll,
    showAll
  }
})
