import { register } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepareProcess } from './prepareProcess'

/**
 * `node out/scripts/hostRun.js out/main/index.js [ARGUMENTS]`: the built app, as it is, with the host in Electron's place.
 * Electron is ready once the app's entry has run through, and not before: so is the host.
 */
const hostUrl = new URL('./hostElectron.js', import.meta.url).href
register(new URL('./hostResolve.js', import.meta.url), { data: { hostUrl } })
process.argv.splice(1, 1)
await prepareProcess()
const { becomeReady } = (await import(hostUrl)) as typeof import('./electron')
await import(pathToFileURL(resolve(process.argv[1] ?? 'out/main/index.js')).href)
becomeReady()
