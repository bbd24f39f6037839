import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const OUT = path.resolve(import.meta.dirname, '../../out')
const isBuilt = existsSync(path.join(OUT, 'main/index.js'))
if (!isBuilt) console.info('skipped: out/main is not built (npm run build)')
if (!isBuilt && process.env.CI === 'true') throw new Error('the app must be built before its bundles are read')

/** All code that the app runs outside its page, without comments. */
function bundles(): string {
  const folders = ['main', 'preload'].map((name) => path.join(OUT, name))
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name))
  )
  const code = files.filter((file) => /\.c?js$/u.test(file)).map((file) => readFileSync(file, 'utf8'))
  return code.join('\n').replace(/\/\*[\s\S]*?\*\//gu, '')
}

describe.skipIf(!isBuilt)('the built app (S15)', () => {
  it('reads these variables of its environment and no others (one that names a file of code to run)', () => {
    const names = [...bundles().matchAll(/\benv(?:\.([A-Za-z_]\w*)|\[["']([^"']+)["']\])/gu)].map(([, a, b]) => a ?? b)
    expect([...new Set(names)].sort()).toEqual(
      [
        // Where data, settings and logs are.
        ...['APPDATA', 'XDG_CONFIG_HOME', 'STILLWAVE_DATA', 'STILLWAVE_LOG', 'SystemRoot'],
        // Where ffmpeg is looked for, and what stands behind the folder of CUDA's libraries, as for every program.
        ...['PATH', 'LD_LIBRARY_PATH'],
        // Whether there is a screen; whose name is left out of the diagnostics.
        ...['DISPLAY', 'WAYLAND_DISPLAY', 'USER', 'USERNAME'],
        // Set, not read: ONNX Runtime tells nobody of its sessions.
        'ORT_DISABLE_TELEMETRY',
        // Planned faults: data, and under the test runner only.
        ...['STILLWAVE_FAULT', 'VITEST']
      ].sort()
    )
  })

  it('makes no code of text, and gives its children no options of Node (a string that becomes a program)', () => {
    const code = bundles()
    // One library asks once whether it could, and does not.
    const made = [...code.matchAll(/\beval\(|\bnew Function\(([^)]*)\)|\bvm\.\w+/gu)].map(([text]) => text)
    expect(made.filter((text) => text !== 'new Function("")')).toEqual([])
    const options = [...code.matchAll(/\bexecArgv: (\[[^\]]*\])/gu)].map(([, list]) => list)
    expect(options.length).toBeGreaterThan(0)
    expect(options.filter((list) => list !== '[]' && list !== '[...V8_SETTINGS]')).toEqual([])
    expect(code).toMatch(
      /V8_SETTINGS = \[\s*(?:"--(?:max|stack|expose-gc|single|optimize|no-|lite|semi)[\w=-]*",?\s*)*\]/u
    )
  })
})
