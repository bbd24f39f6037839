import { join } from 'node:path'
import { openOrigin } from './originServer'

/** What Electron's main process has beside Node's own: its kind, its folders, and here the origin that the app is told. */
export async function prepareProcess(): Promise<void> {
  const origin = await openOrigin()
  // Before the arguments: what follows a `--` among them is files.
  process.argv.splice(2, 0, `--stillwave-host-origin=${origin}`)
  const values = {
    type: 'browser',
    defaultApp: true,
    resourcesPath: join(process.cwd(), 'node_modules/electron/dist/resources')
  }
  for (const [name, value] of Object.entries(values)) Object.defineProperty(process, name, { value, writable: true })
}
