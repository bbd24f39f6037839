import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import type { EngineFacts, FileMark, Metrics } from '../../../shared/ipc/memoryViews'
import { call, onPush, payloadOf } from '../ipc/client'
import { MemoryRing, type LineId } from '../memory/samples'
import type { ScaleChoice } from '../memory/scale'
import type { GraphView } from '../memory/view'
import { useApp } from './app'
import { useSession } from './session'

/** Half an hour of memory, the engine's own account of itself, and how the graph is looked at. */
export const useMemory = defineStore('memory', () => {
  const session = useSession()
  const app = useApp()
  const ring = new MemoryRing()
  /** Counts up with each change of the ring, which is too large to be watched. */
  const revision = ref(0)
  const historyError = shallowRef<ErrorPayload | null>(null)
  const told = shallowRef<EngineFacts | null>(null)
  const view = shallowRef<GraphView>({ kind: 'live', windowSec: 120 })
  const scale = ref<ScaleChoice>('engine')
  const hidden = shallowRef<ReadonlySet<LineId>>(new Set())

  onPush('metrics', ({ metrics }) => {
    ring.add(metrics)
    revision.value++
  })
  onPush('fileMark', ({ mark }) => {
    ring.addMark(mark)
    revision.value++
  })
  onPush('facts', ({ facts }) => (told.value = facts))
  watch(
    () => session.snapshot,
    (snapshot) => {
      if (snapshot) told.value = snapshot.facts
    },
    { immediate: true, flush: 'sync' }
  )

  /** What main remembers: asked each time the graph is opened, as a page may have slept. */
  async function loadHistory(): Promise<void> {
    try {
      ring.takeHistory(await call('metrics.history', {}))
      historyError.value = null
      revision.value++
    } catch (thrown) {
      historyError.value = payloadOf(thrown)
    }
  }

  function toggle(line: LineId): void {
    const next = new Set(hidden.value)
    if (!next.delete(line)) next.add(line)
    hidden.value = next
  }

  const samples = (): readonly Metrics[] => ring.samples
  const marks = (): readonly FileMark[] => ring.marks
  const last = computed(() => (revision.value >= 0 ? ring.last : null))
  /** An engine that is gone has no facts, whatever was told last. */
  const facts = computed(() => (app.engine.kind === 'ready' ? told.value : null))

  return { revision, samples, marks, last, facts, historyError, view, scale, hidden, loadHistory, toggle }
})
