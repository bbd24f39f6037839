import { useI18n } from 'vue-i18n'
import type { ModelTaskView } from '../../../../shared/ipc/modelViews'
import { useFormat } from '../../format/useFormat'
import { useModels } from '../../stores/models'

type Ended = Exclude<ModelTaskView['state'], { readonly kind: 'running' }>

export interface TaskWords {
  /** `34% · 19.7 MB of 58 MB · 2.4 MB/s · 12 s left`; empty where nothing is known. */
  readonly measure: (task: ModelTaskView) => string
  readonly end: (task: ModelTaskView & { readonly state: Ended }) => {
    readonly tone: 'done' | 'failed' | 'neutral'
    readonly text: string
  }
}

/** What is said of a task: on its way, and at its end. */
export function useTaskWords(): TaskWords {
  const { t } = useI18n()
  const format = useFormat()
  const models = useModels()

  /** Bytes are told for downloads only: of everything else a person knows no size. */
  function bytes(task: ModelTaskView, fraction: number): string[] {
    const offer = models.shelf.offers.find(({ id }) => id === task.modelId)
    if (task.state.kind !== 'running' || task.state.phase !== 'download' || !offer) return []
    const done = t('models.task.ofBytes', {
      done: format.bytes(fraction * offer.bytes),
      total: format.bytes(offer.bytes)
    })
    const rate = models.paces.get(task.taskId)?.bytesPerSec ?? null
    if (rate === null) return [done]
    const pace = t('models.task.pace', { size: format.bytes(rate) })
    if (rate < 1) return [done, pace]
    const leftSec = (offer.bytes * (1 - fraction)) / rate
    return [done, pace, t('models.task.left', { time: format.timeLeft(leftSec) })]
  }
  const measure: TaskWords['measure'] = (task) => {
    const fraction = task.state.kind === 'running' ? task.state.fraction : null
    return fraction === null ? '' : [format.percent(fraction), ...bytes(task, fraction)].join(' · ')
  }

  function done({ kind, name, state }: ModelTaskView & { state: Extract<Ended, { kind: 'done' }> }): string {
    const { modelId, damaged, isNew } = state
    const called = models.shelf.models.find(({ id }) => id === modelId)?.name ?? name
    if (damaged.length > 0) return t('models.task.damaged', { name: called, files: damaged.join(', ') })
    if (kind === 'selfCheck') return t('models.task.selfChecked', { name: called })
    if (kind !== 'verify') return t(isNew ? 'models.task.added' : 'models.task.present', { name: called })
    return modelId === null ? t('models.task.allWhole') : t('models.task.whole', { name: called })
  }
  const end: TaskWords['end'] = (task) => {
    const { state, kind } = task
    const name = task.name === '' ? t('models.allModels') : task.name
    if (state.kind === 'done') {
      return { tone: state.damaged.length > 0 ? 'failed' : 'done', text: done({ ...task, name, state }) }
    }
    if (state.error.code === 'E_CANCELLED') {
      return {
        tone: 'neutral',
        text: t(kind === 'download' ? 'models.task.cancelled' : 'models.task.cancelledPlain', { name })
      }
    }
    return { tone: 'failed', text: t(`models.task.${kind}Failed`, { name }) }
  }
  return { measure, end }
}

/** Whether a task has come to its end; for the compiler too. */
export function hasEnded(task: ModelTaskView): task is ModelTaskView & { readonly state: Ended } {
  return task.state.kind !== 'running'
}
