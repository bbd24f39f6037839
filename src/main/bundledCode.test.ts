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

  it('opens no address in another program (S11: javascript:, file:, smb: and ms-*: all end there)', () => {
    expect(bundles()).not.toMatch(/openExternal/u)
  })

  it('asks for the sandbox before Electron is ready, and nowhere to do without (S3)', () => {
    const code = bundles()
    const start = code.slice(code.indexOf('function startDesktop('))
    const [sandbox, ready] = ['app.enableSandbox();', 'whenReady('].map((call) => start.indexOf(call))
    expect(sandbox).toBeGreaterThan(0)
    expect(sandbox).toBeLessThan(ready!)
    const appended = [...code.matchAll(/\bappendSwitch\(([^)]*)\)/gu)].map(([, args]) => args)
    expect(appended.sort()).toEqual(['"ozone-platform", "headless"', 'name'])
  })
})

it('asks the network in one place, that of the downloads a person begins (S5: a library that reports, a check at start)', () => {
  const source = path.resolve(import.meta.dirname, '..')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:ts|vue)$/u.test(name))
  const asking = files.filter((name) => {
    const code = readFileSync(path.join(source, name), 'utf8')
    const isTest = /\.(?:test|testkit)\.ts$/u.test(name)
    return (
      !isTest && /^import (?!type).*["'](?:node:)?(?:https?|http2|net|tls|dgram|dns)["']|await fetch\(/mu.test(code)
    )
  })
  // The player reads its own media addresses.
  expect(asking.sort()).toEqual(['main/models/downloadRequest.ts', 'renderer/src/player/readFrames.ts'])
})
