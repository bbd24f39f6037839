import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import { payloadOf } from '../ipc/client'

/** A short word at the window's corner. `text` and `hint` are in the user's language already; an error brings its own words. */
export interface ToastView {
  readonly id: number
  readonly tone: 'info' | 'done' | 'warn' | 'failed'
  readonly text: string
  readonly hint: string | null
  readonly error: ErrorPayload | null
}

const MOST_AT_ONCE = 4

export const useToasts = defineStore('toasts', () => {
  const list = ref<readonly ToastView[]>([])
  let lastId = 0

  function add(toast: Omit<ToastView, 'id'>): void {
    lastId++
    list.value = [...list.value, { ...toast, id: lastId }].slice(-MOST_AT_ONCE)
  }

  const show = (tone: ToastView['tone'], text: string, hint: string | null = null): void => {
    add({ tone, text, hint, error: null })
  }
  const showError = (error: ErrorPayload): void => {
    add({ tone: 'failed', text: '', hint: null, error })
  }
  const dismiss = (id: number): void => {
    list.value = list.value.filter((toast) => toast.id !== id)
  }

  /** Does what a person asked for; a refusal is shown, never swallowed. Null where it was refused. */
  async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (thrown) {
      showError(payloadOf(thrown))
      return null
    }
  }

  return { list, show, showError, dismiss, attempt }
})
