/** The parts of Node's `process` that tie a child process of ours to its parent, under `fork` or as an Electron utility process. */
export interface ChildSide {
  /** Under `child_process.fork` with an IPC channel only. */
  readonly send?: (message: unknown, handle: undefined, options: undefined, sent: () => void) => unknown
  /** In an Electron utility process only. */
  readonly parentPort?: ParentPort
  readonly ppid: number
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
  kill(pid: number, signal: 0): unknown
}

/** Electron's `process.parentPort`, as far as it is used. */
export interface ParentPort {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown
  postMessage(message: unknown): void
}

/** The way to the parent process, whatever carries it. */
export interface ParentLink {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once, when the parent is gone. */
  onOrphaned(listener: () => void): void
  /** Resolves when what was posted is on its way: to be awaited before `process.exit`. */
  flushed(): Promise<void>
}

/** How often a utility process looks for its parent, and how long its last messages get: neither is told by an event. */
const LOOK_MS = 1000
const LAST_MESSAGES_MS = 50

/** The link that this process was started with; null where it was started by hand. */
export function parentLink(child: ChildSide): ParentLink | null {
  if (child.parentPort !== undefined) return overPort(child, child.parentPort)
  return child.send === undefined ? null : new ForkLink(child)
}

class ForkLink implements ParentLink {
  private unsent = 0
  private onFlushed: (() => void) | null = null

  constructor(private readonly child: ChildSide) {}

  post(message: unknown): void {
    this.unsent++
    // An error here means that the parent is gone, and 'disconnect' sees to that.
    this.child.send?.(message, undefined, undefined, () => {
      this.unsent--
      if (this.unsent === 0) this.onFlushed?.()
    })
  }

  onMessage(listener: (message: unknown) => void): void {
    this.child.on('message', listener)
  }

  onOrphaned(listener: () => void): void {
    this.child.on('disconnect', listener)
  }

  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.unsent === 0) resolve()
      else this.onFlushed = resolve
    })
  }
}

/** Electron's port has no event for the parent's end and none for a message that has left. */
function overPort(child: ChildSide, port: ParentPort): ParentLink {
  const parentPid = child.ppid
  return {
    post: (message) => {
      port.postMessage(message)
    },
    onMessage: (listener) => {
      port.on('message', ({ data }) => {
        listener(data)
      })
    },
    onOrphaned: (listener) => {
      const look = setInterval(() => {
        if (isThere(child, parentPid)) return
        clearInterval(look)
        listener()
      }, LOOK_MS)
    },
    flushed: () => new Promise((resolve) => setTimeout(resolve, LAST_MESSAGES_MS))
  }
}

/** POSIX gives an orphan a new parent; Windows keeps the number of one that is gone. */
function isThere(child: ChildSide, parentPid: number): boolean {
  if (child.ppid !== parentPid) return false
  try {
    child.kill(parentPid, 0)
    return true
  } catch (thrown) {
    // A parent of another user may not be signalled, but it is there.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}
