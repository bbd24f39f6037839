/** How a process ended. Neither says whether its work was done: only its own messages do (RELIABILITY finding 11). */
export interface ExitInfo {
  readonly code: number | null
  readonly signal: string | null
  /** The end of what it wrote to stderr, for the report. */
  readonly lastWords: string
}

/** One process of ours that is spoken to by messages, whatever carries it: `child_process.fork` or a utility process. */
export interface ProcessTransport<Request> {
  readonly pid: number | undefined
  /** False from the process's end on, a moment before {@link onExit} tells of it with the last words. */
  readonly isAlive: boolean
  /** Posts a message; what a dead process does not get is dropped (its exit event tells). */
  send(message: Request): void
  onMessage(listener: (message: unknown) => void): void
  /** Called exactly once, also where the process could not be started at all. */
  onExit(listener: (info: ExitInfo) => void): void
  /** SIGKILL: the process's thread may be blocked in native code, nothing gentler would be heard. */
  kill(): void
}
