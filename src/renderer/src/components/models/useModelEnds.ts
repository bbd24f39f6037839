import { watch } from 'vue'
import { call } from '../../ipc/client'
import { useModelChoice } from '../../composables/useModelChoice'
import { useModels } from '../../stores/models'
import { useToasts } from '../../stores/toasts'
import { hasEnded, useTaskWords } from './useTaskWords'

/** Says how a task ended where the Models view is closed, and takes the model that the welcome was answered with. */
export function useModelEnds(): void {
  const models = useModels()
  const toasts = useToasts()
  const words = useTaskWords()
  const choose = useModelChoice()

  watch(
    () => models.ended,
    (task) => {
      if (!task || !hasEnded(task)) return
      const { tone, text } = words.end(task)
      const toastTone = tone === 'neutral' ? 'info' : tone
      if (!models.isOpen) toasts.show(toastTone, text)
      const { state } = task
      // What a check found stands at its model: the task has no more to say.
      if (state.kind === 'done' && task.kind === 'selfCheck') {
        void toasts.attempt(() => call('models.dismissTask', { taskId: task.taskId }))
      }
      if (state.kind === 'done' && state.modelId !== null && models.usedWhenDone.has(task.taskId)) {
        void choose(state.modelId)
      }
    }
  )
}
