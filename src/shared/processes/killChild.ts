type Signal = 'SIGKILL' | 'SIGTERM' | 'SIGINT'

/** What is used of Node's `ChildProcess`. */
interface Child {
  readonly pid?: number | undefined
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
