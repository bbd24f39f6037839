import { parentLink } from '../shared/processes/parentLink'
import type { ParentLink } from '../shared/processes/parentLink'
import { loadEngine } from './denoise/engine'
import { EngineServer } from './serve'

/** The engine process: binds the server to whatever started it and ends with its parent. */

/** How long jobs may clean up after the parent is gone. */
const ORPHAN_GRACE_MS = 5000

async function endWithParent(server: EngineServer): Promise<never> {
  setTimeout(() => process.exit(1), ORPHAN_GRACE_MS).unref()
  await server.shutdown()
  process.exit(0)
}

function serve(link: ParentLink): void {
  const server = new EngineServer((event) => {
    link.post(event)
  }, loadEngine)
  link.onMessage((message) => {
    void server.handle(message).then(async (state) => {
      if (state === 'open') return
      await link.flushed()
      process.exit(0)
    })
  })
  link.onOrphaned(() => void endWithParent(server))
  process.on('SIGTERM', () => void endWithParent(server))
  // Ctrl-C reaches the whole process group; the parent decides what it means and tells us.
  process.on('SIGINT', () => undefined)
}

const link = parentLink(process)
if (link === null) {
  console.error('The engine is started by Stillwave, not by hand.')
  process.exit(2)
}
serve(link)
