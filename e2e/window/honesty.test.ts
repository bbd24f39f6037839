import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER, ROOT } from './launch'

/** Every file of built JavaScript under a folder. */
function scriptsUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.c?js$/u.test(name))
    .map((name) => path.join(folder, name))
}

/**
 * What the host must not go round: a copy of the built app with one thing broken has to fail on it as it would under
 * Electron (DESIGN section 7). Were a route, the preload or the policy bypassed, one of these would still work.
 */
describe.skipIf(LAUNCHER === null)('a broken app is seen as broken', () => {
  let place: Place
  let out: string
  let app: LaunchedApp | null = null

  beforeEach(() => {
    place = new Place()
    const folder = place.folder('app')
    out = path.join(folder, 'out')
    mkdirSync(out)
    for (const name of ['main', 'preload', 'renderer']) {
      cpSync(path.join(ROOT, 'out', name), path.join(out, name), { recursive: true })
    }
    for (const name of ['package.json', 'models', 'build', 'node_modules']) {
      if (existsSync(path.join(ROOT, name))) symlinkSync(path.join(ROOT, name), path.join(folder, name))
    }
  })

  afterEach(async () => {
    await app?.kill()
    app = null
    place.remove()
  })

  /** Changes the first place where `search` stands, in the file that has it. */
  function spoil(folder: string, search: string, replacement: string): void {
    for (const file of scriptsUnder(path.join(out, folder))) {
      const text = readFileSync(file, 'utf8')
      if (!text.includes(search)) continue
      writeFileSync(
        file,
        text.replace(search, () => replacement)
      )
      return
    }
    throw new Error(`nothing in out/${folder} says ${search}`)
  }

  it('runs whole from its copy (else the cases below prove nothing)', async () => {
    app = await launchApp({ place, out })
    expect(await app.page.evaluate(() => typeof window.stillwave.app.snapshot)).toBe('function')
    await app.page.getByRole('button', { name: 'Add folder' }).first().waitFor()
  })

  it('with a preload that does not parse', async () => {
    spoil('preload', 'contextBridge', '( contextBridge')
    app = await launchApp({ place, out })
    await app.page.getByText('Stillwave cannot reach its files').waitFor()
    expect(await app.page.evaluate(() => 'stillwave' in window)).toBe(false)
  })

  it('with a preload that throws', async () => {
    const file = path.join(out, 'preload/index.cjs')
    writeFileSync(file, `throw new Error('spoiled');\n${readFileSync(file, 'utf8')}`)
    app = await launchApp({ place, out })
    await app.page.getByText('Stillwave cannot reach its files').waitFor()
    expect(app.printed()).toContain('spoiled')
  })

  it('with a preload that asks for a module of Node', async () => {
    const file = path.join(out, 'preload/index.cjs')
    writeFileSync(file, `require('node:fs');\n${readFileSync(file, 'utf8')}`)
    app = await launchApp({ place, out })
    await app.page.getByText('Stillwave cannot reach its files').waitFor()
  })

  it('without the route that the window begins with', async () => {
    spoil('main', '"app.snapshot": route', '"app.snapshoot": route')
    app = await launchApp({ place, out })
    await app.page.getByText('The window could not be filled').waitFor()
  })

  it('with a policy that forbids its scripts', async () => {
    spoil('main', "script-src 'self'", "script-src 'none'")
    app = await launchApp({ place, out })
    await app.page.waitForTimeout(500)
    expect(await app.page.evaluate(() => document.querySelector('#app')?.childElementCount)).toBe(0)
  })

  it('with a call of main that Electron does not have', async () => {
    spoil('main', 'app.enableSandbox()', 'app.enableSandpit()')
    await expect(launchApp({ place, out })).rejects.toThrow(/app\.enableSandpit is not on this host/u)
  })

  it('with an import that Electron does not have', async () => {
    spoil('main', 'from "electron"', 'from "electron";\nimport { desktopCapturer } from "electron"')
    await expect(launchApp({ place, out })).rejects.toThrow(/desktopCapturer/u)
  })

  it('without the guard of second windows', async () => {
    spoil('main', 'contents.setWindowOpenHandler', '(() => {})')
    app = await launchApp({ place, out })
    await app.page.evaluate(() => window.open('about:blank') !== null)
    await app.page.waitForTimeout(300)
    expect(await app.control.refusals()).toEqual(['a second window'])
  })
})
