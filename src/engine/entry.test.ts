import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { killChild } from '../shared/processes/killChild'
import { jobFor, settingsFor, voice, writeSmallModel, writeWav } from './denoise/engine.testkit'
import { EngineEvent } from './protocol'
import type { EngineRequest, EngineSettings } from './protocol'

/** The contract of the engine process, over the transport that the command line uses. */
const BUILT = resolve(process.cwd(), 'out/main/engine.js')
const isBuilt = existsSync(BUILT)
if (!isBuilt) console.info('skipped: out/main/engine.js is not built (npm run build)')
if (!isBuilt && process.env.CI === 'true') throw new Error('the engine must be built before its contract is tested')

let folder = ''
let model: EngineSettings['model']
let wav = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-engine-'))
  model = await writeSmallModel(folder)
  wav = join(folder, 'a.wav')
  await writeWav(wav, 16000, [voice(48_000, 16000)])
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

type EventOf<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

/** The engine as a child, with its events as they come. */
class Child {
  readonly events: EngineEvent[] = []
  readonly exited: Promise<number | NodeJS.Signals>
  private readonly process: ChildProcess
  private onEvent: () => void = () => undefined

  constructor() {
    this.process = fork(BUILT, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.process.on('message', (message) => {
      this.events.push(EngineEvent.parse(message))
      this.onEvent()
    })
    this.exited = new Promise((done) => {
      this.process.on('exit', (code, signal) => {
        done(code ?? signal!)
        this.onEvent()
      })
    })
  }

  send(request: EngineRequest): void {
    this.process.send(request)
  }

  disconnect(): void {
    this.process.disconnect()
  }

  kill(): void {
    killChild(this.process)
  }

  /** The first event of that type (and job) since the start. */
  async next<T extends EngineEvent['type']>(type: T, jobId?: string): Promise<EventOf<T>> {
    for (;;) {
      const found = this.events.find(
        (event) => event.type === type && (jobId === undefined || ('jobId' in event && event.jobId === jobId))
      )
      if (found !== undefined) return found as EventOf<T>
      if (this.process.exitCode !== null) throw new Error(`engine ended with ${this.process.exitCode} before ${type}`)
      await new Promise<void>((done) => {
        this.onEvent = done
      })
    }
  }
}

const children: Child[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill()
    await child.exited
  }
})

function forked(changes: Partial<EngineSettings> = {}): Child {
  const child = new Child()
  children.push(child)
  child.send({ type: 'start', generation: 3, settings: settingsFor(model, changes) })
  return child
}

describe.skipIf(!isBuilt)('the engine process', () => {
  it('starts, denoises, survives a bad file, and shuts down in order', async () => {
    const child = forked()
    expect(await child.next('ready')).toMatchObject({ generation: 3, device: 'cpu', join: 'carried' })
    const bad = join(folder, 'bad.wav')
    await writeFile(bad, 'RIFF....WAVEfmt nothing of it')
    const empty = join(folder, 'empty.wav')
    await writeFile(empty, '')
    for (const [path, id] of [
      [wav, 'good'],
      [bad, 'bad'],
      [empty, 'empty'],
      [wav, 'after']
    ] as const) {
      child.send({ type: 'denoise', job: jobFor(path, id) })
    }
    expect(await child.next('done', 'good')).toMatchObject({
      frames: 48_000,
      durationSec: 3,
      channels: 1,
      warnings: []
    })
    expect((await child.next('failed', 'bad')).error.code).not.toBe('E_INTERNAL')
    expect((await child.next('failed', 'empty')).error.code).toBe('E_EMPTY')
    const after = await child.next('done', 'after')
    expect(after.sha256).toBe((await child.next('done', 'good')).sha256)
    expect(after.timings.modelSec).toBeGreaterThan(0)
    expect(after.peakRssBytes).toBeGreaterThan(20e6)
    expect(child.events.some((event) => event.type === 'progress' && event.jobId === 'good')).toBe(true)
    child.send({ type: 'shutdown' })
    expect(await child.exited).toBe(0)
    expect(child.events.every((event) => event.generation === 3)).toBe(true)
  })

  it('cancels within a second in the middle of a long file, removes its part file, and goes on', async () => {
    const long = join(folder, 'long.wav')
    await writeWav(long, 16000, [voice(16000 * 300, 16000)])
    const child = forked()
    child.send({ type: 'denoise', job: jobFor(long, 'long') })
    child.send({ type: 'denoise', job: jobFor(wav, 'next') })
    while ((await child.next('progress', 'long')).audioSecDone === 0) child.events.splice(0)
    const asked = performance.now()
    child.send({ type: 'cancel', jobId: 'long' })
    expect((await child.next('failed', 'long')).error.code).toBe('E_CANCELLED')
    expect(performance.now() - asked).toBeLessThan(1000)
    expect((await readdir(folder)).filter((name) => name.includes('long.part'))).toEqual([])
    await child.next('done', 'next')
  })

  it('holds a file between two chunks, beats on, and gives the same bytes after it', async () => {
    const child = forked({ threads: null })
    const { threads } = await child.next('ready')
    expect(threads).toBeGreaterThanOrEqual(1)
    expect(threads).toBeLessThanOrEqual(availableParallelism())
    const twin = join(folder, 'twin.wav')
    await writeWav(twin, 16000, [voice(16000 * 20, 16000)])
    child.send({ type: 'denoise', job: jobFor(twin, 'plain') })
    const plain = await child.next('done', 'plain')
    child.send({ type: 'denoise', job: jobFor(twin, 'held') })
    await child.next('progress', 'held')
    child.send({ type: 'pause' })
    await new Promise((done) => setTimeout(done, 300))
    child.events.splice(0)
    await child.next('heartbeat')
    await child.next('heartbeat')
    expect(child.events.every((event) => event.type === 'heartbeat')).toBe(true)
    child.send({ type: 'resume' })
    expect((await child.next('done', 'held')).sha256).toBe(plain.sha256)
  })

  it('sends heartbeats while it works and while it waits', async () => {
    const child = forked()
    await child.next('ready')
    const beat = await child.next('heartbeat')
    expect(beat.peakRssBytes).toBeGreaterThanOrEqual(beat.rssBytes)
    expect(beat.rssBytes).toBeGreaterThan(20e6)
  })

  it('says why a device cannot be had, and fails jobs with that reason', async () => {
    const child = forked({ device: 'coreml' })
    const { error } = await child.next('unavailable')
    expect(error.code).toBe('E_DEVICE_UNAVAILABLE')
    expect(String(error.data.detail).length).toBeGreaterThan(5)
    child.send({ type: 'denoise', job: jobFor(wav, 'job') })
    expect((await child.next('failed', 'job')).error.code).toBe('E_DEVICE_UNAVAILABLE')
  })

  it('ends with its parent, and no part file stays (would catch an orphan that keeps the model in memory)', async () => {
    const long = join(folder, 'orphan.wav')
    await writeWav(long, 16000, [voice(16000 * 120, 16000)])
    const child = forked()
    child.send({ type: 'denoise', job: jobFor(long, 'orphan') })
    await child.next('progress', 'orphan')
    child.disconnect()
    expect(await child.exited).toBe(0)
    await expect(access(jobFor(long, 'orphan').partPath)).rejects.toThrow()
  })

  it('leaves its parent alive when it is killed in the middle of a file', async () => {
    const child = forked()
    child.send({ type: 'denoise', job: jobFor(wav, 'killed') })
    await child.next('started', 'killed')
    child.kill()
    expect(await child.exited).toBe('SIGKILL')
    const second = forked()
    second.send({ type: 'denoise', job: jobFor(wav, 'again') })
    await second.next('done', 'again')
  })
})
