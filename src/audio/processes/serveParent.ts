import { parentLink } from './parentLink'
import type { ChildSide } from './parentLink'

/** A process of ours that serves its parent, as {@link serveParent} runs it. */
export interface ParentServer {
  /** Takes one message as it came off the wire; `closed` once a shutdown has been seen through. */
  handle(message: unknown): Promise<'open' | 'closed'>
  /** Ends all work in order. */
  shutdown(): Promise<void>
}

/** Node's `process`, as far as it is used. */
export interface ServingProcess extends ChildSide {
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect' | 'SIGTERM' | 'SIGINT', listener: () => void): unknown
  exit(code: number): never
}

export interface ServeOptions {
  /** For who starts it by hand. */
  readonly name: string
  /** How long work may clean up after the parent is gone, in milliseconds. */
  readonly orphanGraceMs: number
  readonly open: (send: (event: object) => void) => ParentServer
}

/** Binds a server to whatever started this process, and ends the process with its parent. */
export function serveParent(child: ServingProcess, options: ServeOptions): void {
  const link = parentLink(child)
  if (link === null) {
    console.error(`The ${options.name} process is started by Stillwave, not by hand.`)
    child.exit(2)
  }
  const server = options.open((event) => {
    link.post(event)
  })
  const endWithParent = async (): Promise<void> => {
    setTimeout(() => child.exit(1), options.orphanGraceMs).unref()
    await server.shutdown()
    child.exit(0)
  }
  link.onMessage((message) => {
    void server.handle(message).then(async (state) => {
      if (state === 'open') return
      await link.flushed()
      child.exit(0)
    })
  })
  link.onOrphaned(() => void endWithParent())
  child.on('SIGTERM', () => void endWithParent())
  // Ctrl-C reaches the whole process group; the parent decides what it means and tells us.
  child.on('SIGINT', () => undefined)
}
