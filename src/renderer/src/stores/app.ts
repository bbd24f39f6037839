import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type {
  AppInfo,
  EngineView,
  ModelView,
  RecoveryView,
  ScanView,
  Snapshot,
  WatchView
} from '../../../shared/ipc/views'
import type { Metrics } from '../../../shared/ipc/memoryViews'
import { onPush, type PushOf } from '../ipc/client'
import { useSession } from './session'

type Countdown = PushOf<'countdown'>['countdown']
type Finished = Omit<PushOf<'finished'>, 'topic'>

/** What main tells beside the queue, the settings and the progress: the latest of each. */
export const useApp = defineStore('app', () => {
  const session = useSession()
  const info = shallowRef<AppInfo | null>(null)
  const models = shallowRef<readonly ModelView[]>([])
  const engine = shallowRef<EngineView>({ kind: 'stopped' })
  const metrics = shallowRef<Metrics | null>(null)
  const scans = shallowRef<readonly ScanView[]>([])
  /** The folder that is watched; null for none. */
  const watched = shallowRef<WatchView | null>(null)
  const recovery = shallowRef<RecoveryView | null>(null)
  const countdown = shallowRef<Countdown>(null)
  const finished = shallowRef<Finished | null>(null)
  /** Under 1000 px the settings lie over the list, and only when asked for. */
  const settingsOpen = ref(false)

  onPush('models', (push) => (models.value = push.models))
  onPush('engine', (push) => (engine.value = push.engine))
  onPush('metrics', (push) => (metrics.value = push.metrics))
  onPush('scan', (push) => (scans.value = withScan(scans.value, push.scan)))
  onPush('watch', (push) => (watched.value = push.watch))
  onPush('recovery', (push) => (recovery.value = push.recovery))
  onPush('countdown', (push) => (countdown.value = push.countdown))
  onPush('finished', ({ done, failed, wallSec }) => (finished.value = { done, failed, wallSec }))

  function take(snapshot: Snapshot): void {
    info.value = snapshot.info
    models.value = snapshot.models
    engine.value = snapshot.engine
    scans.value = snapshot.scans
    watched.value = snapshot.watch
    recovery.value = snapshot.recovery
  }
  watch(
    () => session.snapshot,
    (snapshot) => {
      if (snapshot) take(snapshot)
    },
    { immediate: true, flush: 'sync' }
  )

  /** Scans that go on. */
  const openScans = computed(() => scans.value.filter((scan) => !scan.done))

  return { info, models, engine, metrics, scans, openScans, watched, recovery, countdown, finished, settingsOpen }
})

function withScan(scans: readonly ScanView[], scan: ScanView): readonly ScanView[] {
  const rest = scans.filter((one) => one.scanId !== scan.scanId)
  return scan.done ? rest : [...rest, scan]
}
