import { setImmediate as nextTurn } from 'node:timers/promises'

/** So many cheap steps (some ten microseconds each) are done before the event loop is let in. */
const STEPS = 200

/** In a loop over thousands of files: lets the event loop in now and then. `n` is the loop's index. */
export async function breathe(n: number): Promise<void> {
  if (n % STEPS === STEPS - 1) await nextTurn()
}
