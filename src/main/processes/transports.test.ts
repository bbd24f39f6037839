import { fork } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { killChild } from '../../shared/processes/killChild'
import type { EngineRequest } from '../../engine/protocol'
import { EngineHost } from './engineHost'
import { MediaHost } from './mediaHost'
import { forkTransport, mediaForkTransport, naiveForkTransport } from './forkTransport'
import type { ExitInfo, ProcessTransport } from './processTransport'
import { ElectronStandIn, writeParentPort } from './utilityProcess.testkit'
import { mediaUtilityTransport, naiveUtilityTransport, utilityTransport } from './utilityTransport'

const electron = vi.hoisted(() => ({ current: null as ElectronStandIn | null }))
vi.mock('electron', () => ({
  utilityProcess: {
    fork: (...args: Parameters<ElectronStandIn['utilityProcess']['fork']>) =>
      electron.current!.utilityProcess.fork(...args)
  }
}))
electron.current = new ElectronStandIn()

/** A child that does as it is told, over whatever it was started with. */
const CHILD = `
const port = process.parentPort
const post = (message) => port ? port.postMessage(message) : process.send(message)
const take = (message) => {
  if (message.type === 'cancel') post({ echo: message.jobId, env: process.env.MALLOC_MMAP_THRESHOLD_, argv: process.execArgv, hasPort: port !== undefined })
  if (message.type === 'pause') process.stderr.write('last words\\n', () => process.exit(7))
  if (message.type === 'resume') { process.on('SIGTERM', () => undefined); post({ blocked: true }); setTimeout(() => { for (;;) {} }, 20) }
  if (message.type === 'shutdown') process.exit(0)
}
if (port) port.on('message', ({ data }) => take(data))
else process.on('message', take)
setInterval(() => undefined, 1000)
`

const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-transport-'))
const childPath = path.join(folder, 'child.mjs')
writeFileSync(childPath, CHILD)
afterAll(() => {
  electron.current?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const builtPath = (name: string): string => path.resolve(process.cwd(), 'out', 'main', `${name}.js`)
const isBuilt = ['engine', 'media', 'naive'].every((name) => existsSync(builtPath(name)))
if (!isBuilt) console.info('skipped: out/main is not built (npm run build)')
if (!isBuilt && process.env.CI === 'true') throw new Error('out/main must be built before its transports are tested')

const echo = (jobId: string): EngineRequest => ({ type: 'cancel', jobId })

/** A transport with what came over it. */
class Line {
  readonly messages: Record<string, unknown>[] = []
  readonly exits: ExitInfo[] = []
  atExit: () => void = () => undefined
  readonly exited: Promise<ExitInfo>

  constructor(readonly transport: ProcessTransport<EngineRequest>) {
    transport.onMessage((message) => this.messages.push(message as Record<string, unknown>))
    this.exited = new Promise((resolve) => {
      transport.onExit((exit) => {
        this.exits.push(exit)
        this.atExit()
        resolve(exit)
      })
    })
  }

  async answers(count: number): Promise<void> {
    while (this.messages.length < count) await sleep(5)
  }
}

const lines: Line[] = []
afterEach(async () => {
  for (const line of lines.splice(0)) {
    line.transport.kill()
    await line.exited
  }
})

describe.each([
  ['fork', forkTransport, mediaForkTransport, naiveForkTransport],
  ['utility process', utilityTransport, mediaUtilityTransport, naiveUtilityTransport]
] as const)('the transport over %s', (kind, open, openMedia, openNaive) => {
  const opened = (modulePath = childPath): Line => {
    const line = new Line(open(modulePath))
    lines.push(line)
    return line
  }

  it('carries messages both ways in their order, also those posted before the process is there', async () => {
    const line = opened()
    for (const name of ['a', 'b', 'c']) line.transport.send(echo(name))
    await line.answers(3)
    expect(line.messages.map(({ echo: name }) => name)).toEqual(['a', 'b', 'c'])
    expect(line.messages[0]!.hasPort).toBe(kind === 'utility process')
  })

  it('starts the process with the settings that keep its memory small', async () => {
    const line = opened()
    line.transport.send(echo('a'))
    await line.answers(1)
    expect(line.messages[0]!.env).toBe('65536')
    expect(line.messages[0]!.argv).toContain('--max-semi-space-size=2')
  })

  it('starts the naive process as any program is started (settings of ours made the usual way look better than it is)', async () => {
    // What crosses is the child's affair: this one answers as the others do.
    const line = new Line(openNaive(childPath) as unknown as ProcessTransport<EngineRequest>)
    lines.push(line)
    line.transport.send(echo('a'))
    await line.answers(1)
    expect(line.messages[0]!.env).toBeUndefined()
    expect(line.messages[0]!.argv).not.toContain('--max-semi-space-size=2')
  })

  it('tells the naive process where the device’s libraries are (no figure of the usual way on CUDA)', async () => {
    const env = { MALLOC_MMAP_THRESHOLD_: 'as given' }
    const line = new Line(openNaive(childPath, env) as unknown as ProcessTransport<EngineRequest>)
    lines.push(line)
    line.transport.send(echo('a'))
    await line.answers(1)
    expect(line.messages[0]!.env).toBe('as given')
  })

  it('knows the pid while the process lives', async () => {
    const line = opened()
    line.transport.send(echo('a'))
    await line.answers(1)
    expect(() => process.kill(line.transport.pid!, 0)).not.toThrow()
  })

  it('tells an exit once, with the code and the last words, and drops what is posted after it', async () => {
    const line = opened()
    const late = (): void => {
      for (let n = 0; n < 1000; n++) line.transport.send(echo('late'))
    }
    // In the very moment of its end, and later.
    line.atExit = late
    line.transport.send({ type: 'pause' })
    expect(await line.exited).toEqual({ code: 7, signal: null, lastWords: 'last words' })
    expect(line.transport.isAlive).toBe(false)
    late()
    line.transport.kill()
    await sleep(50)
    expect(line.exits).toHaveLength(1)
    expect(line.messages).toEqual([])
  })

  it('kills a process whose thread is blocked and that ignores a polite end', async () => {
    const line = opened()
    line.transport.send({ type: 'resume' })
    await line.answers(1)
    await sleep(100)
    const startedMs = performance.now()
    line.transport.kill()
    expect(await line.exited).toMatchObject({ code: null, signal: 'SIGKILL' })
    expect(performance.now() - startedMs).toBeLessThan(1000)
  })

  it('kills a process that is only just being started', async () => {
    const line = opened()
    line.transport.kill()
    expect(await line.exited).toMatchObject({ signal: 'SIGKILL' })
  })

  it('tells the end of a program that is not there', async () => {
    const exit = await opened(path.join(folder, 'none.mjs')).exited
    expect(exit.code).toBe(1)
    expect(exit.lastWords).toContain('none.mjs')
  })

  it.skipIf(!isBuilt)('runs the built engine: loads, denoises, pauses, ends', async () => {
    const host = new EngineHost(() => open(builtPath('engine')))
    const model = path.resolve(process.cwd(), 'models', 'frcrn-lite')
    const status = await host.start({
      model: {
        onePassPath: `${model}.onnx`,
        statefulPath: `${model}.stateful.onnx`,
        onePassSha256: null,
        statefulSha256: null
      },
      fullModel: null,
      device: 'cpu',
      join: 'carried',
      chunkSec: 0.5,
      overlapSec: 0.5,
      batch: 1,
      threads: 1,
      ffmpegPath: null
    })
    expect(status).toMatchObject({ kind: 'ready', ready: { threads: 1, join: 'carried' } })
    host.pause()
    const job = {
      jobId: 'a',
      inputPath: path.resolve(process.cwd(), 'demo', 'street-16k-mono.wav'),
      partPath: path.join(folder, `${kind}.part`),
      outputContainer: null,
      residualGain: 0,
      isUrgent: false
    }
    const done = host.denoise(job)
    await sleep(500)
    expect(existsSync(job.partPath)).toBe(false)
    host.resume()
    expect(await done).toMatchObject({ sampleRateHz: 16_000, channels: 1, extension: '.wav' })
    const { pid } = host
    await host.shutdown()
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH')
  })

  it.skipIf(!isBuilt)('runs the built media process', async () => {
    const host = new MediaHost(() => openMedia(builtPath('media')))
    const missing = await host.probe(path.join(folder, 'none.wav'))
    expect(missing).toMatchObject({ ok: false, error: { code: 'E_IO' } })
    const { pid } = host
    await host.close()
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH')
  })
})

/** A parent that starts a child as a utility process and does nothing else. */
const PARENT = `
import { fork } from 'node:child_process'
const [modulePath, preload] = process.argv.slice(2)
const child = fork(modulePath, { execArgv: ['--import', preload], stdio: 'inherit' })
child.on('message', () => undefined)
process.send(child.pid)
setInterval(() => undefined, 1000)
`

describe.each(['engine', 'media', 'naive'])('the built %s process as a utility process', (name) => {
  it.skipIf(!isBuilt)('ends when its parent is killed (an orphan kept the model in memory)', async () => {
    const parentPath = path.join(folder, 'parent.mjs')
    writeFileSync(parentPath, PARENT)
    const parent = fork(parentPath, [builtPath(name), writeParentPort(folder)], { stdio: 'inherit' })
    const pid = await new Promise<number>((resolve) =>
      parent.once('message', (message) => {
        resolve(message as number)
      })
    )
    await sleep(1500)
    expect(() => process.kill(pid, 0)).not.toThrow()
    killChild(parent)
    const startedMs = performance.now()
    while (isAlive(pid) && performance.now() - startedMs < 8000) await sleep(50)
    expect(isAlive(pid)).toBe(false)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
