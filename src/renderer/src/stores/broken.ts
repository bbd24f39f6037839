import { defineStore } from 'pinia'
import { ref } from 'vue'
import { useSession } from './session'

/** What Vue says of a part that could not be made or drawn: in words while developing, as a number after an address in a release
 * (setup, render, flush, update: `ErrorCodes` of @vue/runtime-core). */
const UNDRAWN = /#runtime-(?:0|1|14|15)$|^(?:setup function|render function|scheduler flush|component update)$/u

/** Whether a mistake at this place leaves a hole in the window, rather than one action undone. Pure. */
export function spoilsTheWindow(where: string): boolean {
  return UNDRAWN.test(where)
}

/** A mistake that a part of the window fell to: what is left on the screen cannot be trusted, so that a message takes its place. */
export const useBroken = defineStore('broken', () => {
  const detail = ref<string | null>(null)
  /** The first tells most; the others follow from it. */
  function tell(thrown: unknown): void {
    detail.value ??= thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  }
  /** All of the window is made anew from what main says. */
  async function drawAnew(): Promise<void> {
    await useSession().refresh()
    detail.value = null
  }
  return { detail, tell, drawAnew }
})
