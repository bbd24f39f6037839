import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { killChild } from '../../src/shared/processes/killChild'

/** The program of a package that was made on Electron itself: `dist/linux-unpacked/stillwave`, `Stillwave.exe`, `.../MacOS/Stillwave`. */
const program = process.env.STILLWAVE_PACKAGED ?? ''
const isThere = program !== '' && existsSync(program)
if (program !== '' && !isThere) throw new Error(`STILLWAVE_PACKAGED names no file: ${program}`)
if (!isThere) {
  console.info(
    'Skipped: what only a packaged app on Electron itself can show (S15: no code by its environment, S16: no other archive, S18: no remote debugging). ' +
      'Name its program in STILLWAVE_PACKAGED.'
  )
}

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-packaged-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

const marker = path.join(root, 'marker')
const code = `require('fs').writeFileSync(${JSON.stringify(marker)}, 'ran')`

/** Starts it for some seconds, with a command that ends by itself where it takes it. */
async function printedBy(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const ended = new Promise((resolve) => child.once('close', resolve))
  await Promise.race([ended, sleep(15_000)])
  if (child.exitCode === null) killChild(child)
  await ended
  return printed
}

describe.skipIf(!isThere)('a packaged app', () => {
  it('runs no code by ELECTRON_RUN_AS_NODE (S15)', async () => {
    await printedBy(['-e', code], { ELECTRON_RUN_AS_NODE: '1' })
    expect(existsSync(marker)).toBe(false)
  })

  it('loads nothing by NODE_OPTIONS (S15)', async () => {
    const file = path.join(root, 'required.cjs')
    writeFileSync(file, code)
    expect(await printedBy(['--version'], { NODE_OPTIONS: `--require ${file}` })).toMatch(/\d+\.\d+\.\d+/u)
    expect(existsSync(marker)).toBe(false)
  })

  it.each(['--inspect=0', '--inspect-brk=0', '--remote-debugging-port=0', '--remote-debugging-pipe'])(
    'opens no port by %s (S15, S18)',
    async (option) => {
      expect(await printedBy([option, '--version'])).not.toMatch(/listening on|Debugger attached/iu)
    }
  )

  it('takes no loose app beside its archive, and on Windows and macOS no changed archive (S16)', async () => {
    const packed = path.dirname(program)
    const resources = process.platform === 'darwin' ? path.join(packed, '../Resources') : path.join(packed, 'resources')
    const loose = path.join(resources, 'app')
    mkdirSync(loose)
    try {
      writeFileSync(path.join(loose, 'package.json'), '{"name":"loose","version":"9.9.9","main":"index.js"}')
      writeFileSync(path.join(loose, 'index.js'), code)
      expect(await printedBy(['--version'])).not.toContain('9.9.9')
      expect(existsSync(marker)).toBe(false)
    } finally {
      rmSync(loose, { recursive: true })
    }
    if (process.platform === 'linux') return
    const archive = path.join(resources, 'app.asar')
    const whole = readFileSync(archive)
    const changed = Buffer.from(whole)
    // Of the code, not of the list of names in front of it.
    changed[changed.length - 1000]! ^= 1
    try {
      writeFileSync(archive, changed)
      expect(await printedBy(['--version'])).not.toMatch(/\d+\.\d+\.\d+/u)
    } finally {
      writeFileSync(archive, whole)
    }
  })

  it('starts at all (the ones above would pass for a program that never does)', async () => {
    expect(await printedBy(['--version'])).toMatch(/\d+\.\d+\.\d+/u)
  })
})
