import type { EngineRequest } from '../../engine/protocol'

/** How a process ended. Neither says whether its work was done: only a `done` message does (RELIABILITY finding 11). */
export interface ExitInfo {
  readonly code: number | null
  readonly signal: string | null
  /** The end of what it wrote to stderr, for the report. */
  readonly lastWords: string
}

/** One engine process, whatever carries it: `child_process.fork` here, a utility process in the app. */
export interface EngineTransport {
  readonly pid: number | undefined
  /** Posts a message; what a dead process does not get is dropped (its exit event tells). */
  send(message: EngineRequest): void
  onMessage(listener: (message: unknown) => void): void
  /** Called exactly once, also where the process could not be started at all. */
  onExit(listener: (info: ExitInfo) => void): void
  /** SIGKILL: the engine's thread may be blocked in native code, nothing gentler would be heard. */
  kill(): void
}

/** Starts one more engine process. */
export type OpenTransport = () => EngineTransport
