import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { QueueEvent, QueueState } from '../../shared/jobs/queue'
import { EngineHost } from '../processes/engineHost'
import { HOST_LIMITS } from '../processes/engineProcess'
import { FakeEngineFolder, fakeSettings } from '../processes/fakeEngine.testkit'
import { forkTransport } from '../processes/forkTransport'
import { planOutputs } from './outputPlan'
import { BatchRunner, type BatchOptions } from './runner'
import { scanInputs } from './scanInputs'

let folder: FakeEngineFolder
let host: EngineHost

beforeEach(async () => {
  folder = new FakeEngineFolder()
  host = new EngineHost(() => forkTransport(folder.enginePath), { ...HOST_LIMITS, cancelMs: 200 })
  await host.start(fakeSettings())
})
afterEach(async () => {
  await host.shutdown()
  folder.remove()
})

interface Finished {
  readonly kinds: readonly string[]
  readonly state: QueueState
  readonly runner: BatchRunner
  readonly left: readonly string[]
}

/** Runs files whose names say what the engine does with them (fakeEngine.testkit). */
async function run(names: readonly string[], more: Partial<BatchOptions> = {}): Promise<Finished> {
  const inputs = names.map((name) => path.join(folder.root, name))
  for (const input of inputs) writeFileSync(input, 'noisy')
  const scan = await scanInputs(inputs, { recursive: true, outDir: null })
  const { files, claims } = await planOutputs(scan, { outDir: null, onExists: 'skip' })
  const runnable = files.map(({ file, outputPath }) => ({
    jobId: path.basename(file.path),
    inputPath: file.path,
    outputPath: outputPath!,
    identity: file.identity
  }))
  const signal = new AbortController().signal
  const options = { engine: host, claims, onExists: 'skip', outDir: null, inFlight: 1, signal, ...more } as const
  const runner = new BatchRunner(runnable, options, 'epoch')
  const state = await runner.run()
  const left = readdirSync(folder.root).filter((name) => name.endsWith('.part'))
  return { kinds: state.jobs.map((job) => job.status.kind), state, runner, left }
}
const starts = (): number => readFileSync(folder.logPath, 'utf8').match(/start/g)?.length ?? 0

describe('BatchRunner', () => {
  it('goes on after a bad file and keeps the order', async () => {
    const { kinds, left } = await run(['ok-1.wav', 'corrupt.wav', 'ok-2.wav'])
    expect(kinds).toEqual(['done', 'failed', 'done'])
    expect(left).toEqual([])
  })

  it('retries a file that went down with the engine, in a fresh one (R2)', async () => {
    const { kinds, left } = await run(['once.wav', 'ok.wav'])
    expect(kinds).toEqual(['done', 'done'])
    expect(left).toEqual([])
    expect(starts()).toBe(2)
  })

  it('fails a poison file after two attempts and finishes the others, also with several in flight (R9)', async () => {
    const names = [...Array.from({ length: 6 }, (_, n) => `slow-${n}.wav`), 'crash.wav', 'slow-7.wav', 'slow-8.wav']
    const { kinds, state, left } = await run(names, { inFlight: 3 })
    expect(kinds).toEqual([...Array<string>(6).fill('done'), 'failed', 'done', 'done'])
    expect(state.jobs[6]?.status).toMatchObject({ error: { code: 'E_ENGINE_CRASH' } })
    expect([2, 3]).toContain(starts())
    expect(left).toEqual([])
  })

  it('stops after five crashes in a minute and says why', async () => {
    const { kinds, runner } = await run(['crash-1', 'ok-1', 'crash-2', 'ok-2', 'crash-3', 'ok-3'])
    expect(kinds).toEqual(['failed', 'done', 'failed', 'done', 'cancelled', 'cancelled'])
    expect(runner.stopReason?.code).toBe('E_ENGINE_CRASH')
  })

  it('does not count crashes that lie far apart', async () => {
    let minutes = 0
    const names = ['crash-1', 'ok-1', 'crash-2', 'ok-2', 'crash-3', 'ok-3']
    const { kinds, runner } = await run(names, { nowSec: () => 60.5 * minutes++ })
    expect(kinds).toEqual(['failed', 'done', 'failed', 'done', 'failed', 'done'])
    expect(runner.stopReason).toBe(null)
  })

  it('stops at a full disk: every other file would meet the same (R12)', async () => {
    const { kinds, state } = await run(['ok.wav', 'full.wav', 'ok-2.wav'])
    expect(kinds).toEqual(['done', 'failed', 'cancelled'])
    expect(state.jobs[2]?.status).toMatchObject({ because: { code: 'E_DISK_FULL' } })
  })

  it('gives no output for a source that changed meanwhile (R16)', async () => {
    const { state, left } = await run(['touch.wav'])
    expect(state.jobs[0]?.status).toMatchObject({ kind: 'failed', error: { code: 'E_SOURCE_CHANGED' } })
    expect(readdirSync(folder.root).filter((name) => name.includes('clean'))).toEqual([])
    expect(left).toEqual([])
  })

  it('does not begin a source that changed since it was added', async () => {
    const onEvent = (event: QueueEvent): void => {
      if (event.type === 'jobsAdded') appendFileSync(path.join(folder.root, 'ok.wav'), 'more')
    }
    const { state } = await run(['ok.wav'], { onEvent })
    expect(state.jobs[0]?.status).toMatchObject({ kind: 'failed', error: { code: 'E_SOURCE_CHANGED' } })
    expect(readFileSync(folder.logPath, 'utf8')).not.toContain('job')
  })

  it.each(['polite.wav', 'deaf.wav'])('cancels at once and leaves no part (%s, R38)', async (name) => {
    const abort = new AbortController()
    let before = 0
    const onProgress = (): void => {
      before = performance.now()
      abort.abort()
    }
    const { kinds, left } = await run([name, 'ok.wav'], { signal: abort.signal, onProgress })
    expect(performance.now() - before).toBeLessThan(800)
    expect(kinds).toEqual(['cancelled', 'cancelled'])
    expect(left).toEqual([])
  })

  it('names an output after what was written', async () => {
    const { state } = await run(['aiff.wav'])
    expect(state.jobs[0]?.status).toMatchObject({ result: { outputPath: path.join(folder.root, 'aiff.clean.aiff') } })
  })
})
