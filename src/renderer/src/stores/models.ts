import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import type { ModelShelf, ModelTaskView } from '../../../shared/ipc/modelViews'
import type { AnswerOf, RequestOf, RouteName } from '../../../shared/ipc/contract'
import { call, onPush, payloadOf } from '../ipc/client'
import { useSession } from './session'
import { paceOf, type Pace } from './modelPace'

type ModelRoute = Extract<RouteName, `models.${string}`>

const NOTHING: ModelShelf = { folder: '', defaultId: '', models: [], offers: [], tasks: [] }

/** The Models view: what main says of it, and whether it is open. */
export const useModels = defineStore('models', () => {
  const session = useSession()
  const shelf = shallowRef<ModelShelf>(NOTHING)
  const isOpen = ref(false)
  /** A request that was refused: said in the view, where it was made. */
  const refusal = shallowRef<ErrorPayload | null>(null)
  /** How fast each download is, by what was told so far. */
  const paces = shallowRef<ReadonlyMap<string, Pace>>(new Map())
  /** The last task that ended, to be said aloud. */
  const ended = shallowRef<ModelTaskView | null>(null)
  /** Tasks whose model is to be used once it is there: asked for in the welcome. */
  const usedWhenDone = shallowRef<ReadonlySet<string>>(new Set())

  function take(next: ModelShelf): void {
    const before = shelf.value.tasks
    shelf.value = next
    paces.value = new Map([...paces.value].filter(([id]) => next.tasks.some(({ taskId }) => taskId === id)))
    for (const task of next.tasks) {
      const old = before.find(({ taskId }) => taskId === task.taskId)
      if (old?.state.kind === 'running' && task.state.kind !== 'running') ended.value = task
    }
  }
  /** Beginnings and ends come with the shelf: progress of a task that is not on it is late. */
  function progress(task: ModelTaskView): void {
    const { tasks } = shelf.value
    if (!tasks.some(({ taskId, state }) => taskId === task.taskId && state.kind === 'running')) return
    shelf.value = { ...shelf.value, tasks: tasks.map((one) => (one.taskId === task.taskId ? task : one)) }
    notePace(task)
  }
  function notePace(task: ModelTaskView): void {
    const offer = shelf.value.offers.find(({ id }) => id === task.modelId)
    if (task.state.kind !== 'running' || task.state.phase !== 'download' || !offer) return
    const doneBytes = (task.state.fraction ?? 0) * offer.bytes
    const pace = paceOf(paces.value.get(task.taskId) ?? null, { atMs: performance.now(), doneBytes })
    paces.value = new Map(paces.value).set(task.taskId, pace)
  }

  onPush('models', (push) => {
    take(push.shelf)
  })
  onPush('modelTask', ({ task }) => {
    progress(task)
  })
  watch(
    () => session.snapshot,
    (snapshot) => {
      if (snapshot) take(snapshot.shelf)
    },
    { immediate: true, flush: 'sync' }
  )

  /** Null where it was refused: the view says why. */
  async function ask<N extends ModelRoute>(route: N, request: RequestOf<N>): Promise<AnswerOf<N> | null> {
    try {
      refusal.value = null
      return await call(route, request)
    } catch (thrown) {
      refusal.value = payloadOf(thrown)
      return null
    }
  }

  /** What an earlier try said is answered by the next one. */
  async function dismissEnded(tasks: readonly ModelTaskView[]): Promise<void> {
    for (const { taskId, state } of tasks) {
      if (state.kind !== 'running') await ask('models.dismissTask', { taskId })
    }
  }
  function open(): void {
    refusal.value = null
    isOpen.value = true
  }
  /** Model files of a drop. */
  async function addPaths(paths: readonly string[]): Promise<void> {
    open()
    for (let at = 0; at < paths.length; at += MOST_PATHS) {
      await ask('models.addPaths', { paths: paths.slice(at, at + MOST_PATHS) })
    }
  }
  /** Begins a download whose model is wanted at once. */
  async function downloadAndUse(id: string): Promise<void> {
    const answer = await ask('models.download', { id })
    if (answer) usedWhenDone.value = new Set(usedWhenDone.value).add(answer.taskId)
  }

  const running = computed(() => shelf.value.tasks.filter(({ state }) => state.kind === 'running'))
  const mirrors = computed(() => [...new Set(shelf.value.offers.flatMap((offer) => offer.mirrors))])

  return {
    shelf,
    isOpen,
    refusal,
    paces,
    ended,
    usedWhenDone,
    running,
    mirrors,
    ask,
    dismissEnded,
    open,
    addPaths,
    downloadAndUse
  }
})

/** In one request. */
const MOST_PATHS = 20
