import { EngineServer } from './serve'
import { loadEngine } from './denoise/engine'
import type { EngineEvent } from './protocol'

/** The engine process over `child_process.fork`: binds the server to the IPC channel and ends with its parent. */

/** How long jobs may clean up after the parent is gone. */
const ORPHAN_GRACE_MS = 5000

let unsent = 0
let onFlushed: (() => void) | null = null

function send(event: EngineEvent): void {
  if (process.send === undefined) return
  unsent++
  // An error here means that the parent is gone, and 'disconnect' sees to that.
  process.send(event, undefined, undefined, () => {
    unsent--
    if (unsent === 0) onFlushed?.()
  })
}

function flushed(): Promise<void> {
  return new Promise((resolve) => {
    if (unsent === 0) resolve()
    else onFlushed = resolve
  })
}

async function endWithParent(server: EngineServer): Promise<never> {
  setTimeout(() => process.exit(1), ORPHAN_GRACE_MS).unref()
  await server.shutdown()
  process.exit(0)
}

function main(): void {
  if (process.send === undefined) {
    console.error('The engine is started by Stillwave (child_process.fork), not by hand.')
    process.exit(2)
  }
  const server = new EngineServer(send, loadEngine)
  process.on('message', (message) => {
    void server.handle(message).then(async (state) => {
      if (state === 'open') return
      await flushed()
      process.exit(0)
    })
  })
  process.on('disconnect', () => void endWithParent(server))
  process.on('SIGTERM', () => void endWithParent(server))
  // Ctrl-C reaches the whole process group; the parent decides what it means and tells us.
  process.on('SIGINT', () => undefined)
}

main()
