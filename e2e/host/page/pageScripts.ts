import { readFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { Script } from 'node:vm'
import { makeCodec } from './codec'
import { openMainWorld } from './mainWorld'
import { openPreloadWorld } from './preloadWorld'
import { openWorldPort } from './worldPort'

/** The isolated world that preloads run in, and the binding that only it has. */
export const WORLD = 'Stillwave host preload'
export const BINDING = '__stillwaveHost'

export interface PageScripts {
  /** For the page's own world, and for the preload's. */
  readonly main: string
  readonly isolated: string
  /** Why the preload could not be read or parsed. */
  readonly preloadError: Error | null
}

/** The scripts of one window; the name that its two worlds meet under is nobody else's to know. */
export function pageScripts(preloadPath: string | undefined): PageScripts {
  const [toMain, toPreload] = [randomUUID(), randomUUID()]
  const { source, preloadError } = readPreload(preloadPath)
  const port = (out: string, into: string): string =>
    `(${openWorldPort.toString()})(${JSON.stringify(out)}, ${JSON.stringify(into)})`
  const facts = `binding: ${JSON.stringify(BINDING)}, platform: ${JSON.stringify(process.platform)}`
  const preload =
    source === null ? 'null' : `function (require, module, exports, process) { 'use strict';\n${source}\n}`
  const host = `{ codec: (${makeCodec.toString()})(), port: ${port(toMain, toPreload)}, ${facts}, preload: ${preload} }`
  return {
    main: `(${openMainWorld.toString()})(${port(toPreload, toMain)})`,
    isolated: `(${openPreloadWorld.toString()})(${host})`,
    preloadError
  }
}

function readPreload(path: string | undefined): { source: string | null; preloadError: Error | null } {
  if (path === undefined) return { source: null, preloadError: null }
  try {
    const source = readFileSync(path, 'utf8')
    // A syntax error must not take the host's own half with it.
    new Script(`(function (require, module, exports, process) { 'use strict';\n${source}\n})`, { filename: path })
    return { source, preloadError: null }
  } catch (error) {
    return { source: null, preloadError: error as Error }
  }
}
