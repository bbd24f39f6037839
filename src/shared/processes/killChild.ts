type Signal = 'SIGKILL' | 'SIGTERM' | 'SIGINT'

/** A `ChildProcess` of Node, which the window's part of the code has no types of. */
interface Child {
  readonly pid?: number | undefined
  readonly exitCode: number | null
  kill(signal: Signal): boolean
}

/**
 * Signals a child, if there is one. Until Node has told that a program could not be started (a tick after `spawn`), its handle has
 * the pid 0, and `ChildProcess.kill` hands that to kill(2): the signal goes to our own process group, ourselves and the shell that
 * started us among it. Answers whether there was one to signal.
 */
export function killChild(child: Child, signal: Signal = 'SIGKILL'): boolean {
  return child.pid !== undefined && child.kill(signal)
}
