import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { ErrorPayload } from '../../../shared/errors/appError'
import type { Snapshot } from '../../../shared/ipc/views'
import { call, payloadOf } from '../ipc/client'

/**
 * The snapshot that the window was drawn from. Stores subscribe to pushes when they are made, then watch `snapshot`
 * (`{ immediate: true, flush: 'sync' }`): that is the order of DESIGN section 5.
 */
export const useSession = defineStore('session', () => {
  const snapshot = shallowRef<Snapshot | null>(null)
  const failure = shallowRef<ErrorPayload | null>(null)

  /** Asks main for everything; stores that watch `snapshot` take their parts. */
  async function refresh(): Promise<void> {
    try {
      snapshot.value = await call('app.snapshot', {})
      failure.value = null
    } catch (thrown) {
      failure.value = payloadOf(thrown)
    }
  }

  return { snapshot, failure, refresh }
})
