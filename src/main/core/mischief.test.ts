import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OutputSettings } from '../../shared/settings/jobSettings'
import { CoreBench, isBuilt } from './core.testkit'

let bench: CoreBench
beforeEach(async () => {
  bench = new CoreBench()
  if (isBuilt()) await bench.open()
})
afterEach(async () => {
  await bench.remove()
})

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
const journal = (): string => path.join(bench.data, 'queue.jsonl')
const isIdle = (): boolean => bench.core.queueState.run.kind === 'idle'
const isRunning = (name: string) => (): boolean => bench.kinds().includes(`${name}:running`)

async function put(output: Partial<OutputSettings>): Promise<void> {
  await bench.core.patchSettings({ job: { output } })
}

async function runAll(): Promise<void> {
  await bench.core.handlers['queue.start']({})
  await bench.until(isIdle)
}

describe.skipIf(!isBuilt())('what a batch meets', () => {
  it('never replaces a file that was added after the place for it was planned (an original was overwritten)', async () => {
    await put({ place: 'folder', folder: bench.at('out'), pattern: '{name}', onExists: 'overwrite' })
    bench.wav('in/a.wav', 1)
    const original = bench.wav('out/a.wav', 2)
    const before = sha256(original)
    await bench.add(bench.at('in'))
    await bench.add(original)
    await runAll()
    expect(sha256(original)).toBe(before)
    expect(bench.core.queueState.jobs.map(({ status }) => status)).toMatchObject([
      { kind: 'failed', error: { code: 'E_SAME_FILE' } },
      { kind: 'failed', error: { code: 'E_SAME_FILE' } }
    ])
  })

  it('goes on after a source that is gone, though the output folder is not there yet (the batch ended there)', async () => {
    await put({ place: 'tree', folder: bench.at('new/out') })
    const gone = bench.wav('in/a.wav', 1)
    bench.wav('in/b.wav', 1)
    await bench.add(bench.at('in'))
    rmSync(gone)
    await runAll()
    expect(bench.kinds()).toBe('a.wav:failed b.wav:done')
    expect(bench.files('new/out')).toEqual(['b.clean.wav'])
  })

  it('takes what is there of a drop, and says how much was left out (one vanished file cost the whole drop)', async () => {
    bench.wav('in/a.wav', 1)
    await bench.add(bench.at('in'), bench.at('gone.wav'))
    expect(bench.kinds()).toBe('a.wav:pending')
    const [last] = bench.pushes.filter((push) => push.topic === 'scan').slice(-1)
    expect(last?.scan).toMatchObject({ found: 1, skipped: 1, error: null })
    await bench.add(bench.at('gone.wav'))
    expect(bench.pushes.filter((push) => push.topic === 'scan').at(-1)?.scan.error?.code).toBe('E_IO')
  })

  it('adds no second job for a file in work (each re-added folder made a "(2)" of it)', async () => {
    bench.wav('in/a.wav', 20)
    bench.wav('in/b.wav', 1)
    await bench.add(bench.at('in'))
    await bench.core.handlers['queue.start']({})
    await bench.until(isRunning('a.wav'))
    await Promise.all([bench.add(bench.at('in')), bench.add(bench.at('in'))])
    expect(bench.kinds()).toBe('a.wav:running b.wav:pending')
  })

  it('removes or cancels a file that a stop is just giving back (it stayed, and vanished once it was done)', async () => {
    bench.wav('in/a.wav', 30)
    bench.wav('in/b.wav', 1)
    await bench.add(bench.at('in'))
    for (const route of ['queue.cancel', 'queue.remove'] as const) {
      const jobIds = [bench.id('a.wav')]
      await bench.core.handlers['queue.retry']({ jobIds })
      await bench.core.handlers['queue.start']({})
      await bench.until(isRunning('a.wav'))
      const stopped = bench.core.handlers['queue.stop']({})
      await bench.core.handlers[route]({ jobIds })
      await stopped
      expect(bench.kinds()).toBe(route === 'queue.cancel' ? 'a.wav:cancelled b.wav:pending' : 'b.wav:pending')
    }
  })

  it('ends a held run whose files were all cancelled, and calls that no end of a batch (the machine went to sleep)', async () => {
    bench.wav('in/a.wav', 30)
    bench.wav('in/b.wav', 1)
    await bench.add(bench.at('in'))
    await bench.core.handlers['queue.start']({})
    await bench.until(isRunning('a.wav'))
    await bench.core.handlers['queue.pause']({})
    await bench.core.handlers['queue.cancel']({ jobIds: [bench.id('a.wav'), bench.id('b.wav')] })
    await bench.until(isIdle)
    await bench.close()
    expect(bench.kinds(bench.mirror())).toBe('a.wav:cancelled b.wav:cancelled')
    expect(bench.pushes.filter(({ topic }) => topic === 'finished')).toEqual([])
  })

  it('gives many files new places, or another try, some at a time (ten thousand at once held the app for half a second)', async () => {
    for (let n = 0; n < 2500; n++) bench.wav(`in/${n}.wav`, 0.001)
    await bench.add(bench.at('in'))
    await put({ pattern: '{name} x' })
    await bench.core.handlers['queue.applySettings']({})
    const jobIds = bench.core.queueState.jobs.map(({ id }) => id)
    await bench.core.handlers['queue.cancel']({ jobIds })
    await bench.core.handlers['queue.retry']({ jobIds })
    const { jobs } = bench.core.queueState
    expect(jobs.every(({ status, outputPath }) => status.kind === 'pending' && outputPath?.endsWith(' x.wav'))).toBe(
      true
    )
    const sizes = (): number[] =>
      bench.pushes.flatMap((push) =>
        push.topic === 'queue' && push.event.type === 'jobsReplanned' ? [push.event.jobs.length] : []
      )
    await bench.until(() => sizes().length >= 6)
    expect(sizes()).toEqual([1000, 1000, 500, 1000, 1000, 500])
  })

  it('begins nothing while it closes (a Start right after Stop ran on into a closed journal)', async () => {
    bench.wav('in/a.wav', 30)
    await bench.add(bench.at('in'))
    const { core } = bench
    await core.handlers['queue.start']({})
    await bench.until(isRunning('a.wav'))
    const [stopped, again] = [core.handlers['queue.stop']({}), core.handlers['queue.start']({})]
    await Promise.all([core.close(), stopped, again])
    expect(core.queueState.run.kind).toBe('idle')
    expect(bench.kinds()).toBe('a.wav:pending')
  })

  it('lets the page name no program, no model file and no folder to watch (a page in wrong hands could have had any program run)', async () => {
    const change = bench.core.handlers['settings.patch']
    const refused = { code: 'E_BAD_REQUEST' }
    await expect(change({ ffmpegPath: bench.at('evil') })).rejects.toMatchObject(refused)
    for (const modelId of ['/etc/evil.onnx', '..\\x', 'x.ONNX']) {
      await expect(change({ job: { modelId } })).rejects.toMatchObject(refused)
    }
    await expect(change({ watchedFolder: bench.at('in') })).rejects.toMatchObject(refused)
    expect(bench.core.settings).toMatchObject({ ffmpegPath: null, watchedFolder: null, job: { modelId: 'frcrn-lite' } })
    await bench.core.patchSettings({ ffmpegPath: bench.at('chosen') })
    await change({ ffmpegPath: bench.at('chosen'), theme: 'dark' })
    expect((await change({ ffmpegPath: null })).ffmpegPath).toBeNull()
  })

  it('makes no second output of a file that was killed between its name and its line (R1, with the rename rule)', async () => {
    await put({ place: 'folder', folder: bench.at('out'), onExists: 'rename' })
    bench.wav('in/a.wav', 1)
    bench.wav('in/b.wav', 1)
    await bench.add(bench.at('in'))
    await bench.core.handlers['queue.start']({})
    await bench.until(() => readFileSync(journal(), 'utf8').includes('jobStarted'))
    const killed = readFileSync(journal())
    await bench.until(isIdle)
    await bench.close()
    rmSync(bench.at('out/b.clean.wav'))
    writeFileSync(journal(), killed)
    await bench.open()
    await bench.core.handlers['queue.recover']({ choice: 'continue' })
    await bench.until(isIdle)
    expect(bench.kinds()).toBe('a.wav:skipped b.wav:done')
    expect(bench.files('out')).toEqual(['a.clean.wav', 'b.clean.wav'])
  })
})
