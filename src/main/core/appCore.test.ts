import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CoreBench, isBuilt } from './core.testkit'

const LONG_SEC = 240

let bench: CoreBench
beforeEach(async () => {
  bench = new CoreBench()
  await bench.open()
})
afterEach(async () => {
  await bench.remove()
})

const running = (name: string): boolean => bench.kinds().includes(`${name}:running`)
const idle = (): boolean => bench.core.queueState.run.kind === 'idle'
const fraction = (): number =>
  bench.pushes.reduce((last, push) => (push.topic === 'progress' ? (push.jobs[0]?.fraction ?? last) : last), 0)
const parts = (): string[] => bench.files('.').filter((name) => name.endsWith('.part'))

describe.skipIf(!isBuilt())('AppCore over the real engine', () => {
  it('adds a folder, probes it, cleans it, and tells the window all of it in order', async () => {
    bench.wav('in/a.wav', 1)
    bench.wav('in/b.wav', 1)
    await bench.add(bench.at('in'))
    await bench.until(() => bench.core.queueState.jobs.every((job) => job.probe?.ok))
    expect(bench.core.queueState.jobs[0]?.probe).toMatchObject({
      info: { durationSec: 1, sampleRateHz: 16_000, channels: 1, bitDepth: 16, format: 'WAV' }
    })
    const { handlers } = bench.core
    await Promise.all([handlers['queue.start']({}), handlers['queue.start']({})])
    await bench.until(() => bench.pushes.some((push) => push.topic === 'finished'))
    expect(bench.files('in')).toEqual(['a.clean.wav', 'a.wav', 'b.clean.wav', 'b.wav'])
    expect(statSync(bench.at('in/a.clean.wav')).size).toBeGreaterThan(32_000)
    expect(bench.pushes.find((push) => push.topic === 'finished')).toMatchObject({ done: 2, failed: 0 })
    const revisions = bench.pushes.flatMap((push) => (push.topic === 'queue' ? [push.revision] : []))
    expect(revisions).toEqual(revisions.map((_, n) => n + 1))
    expect(bench.mirror().jobs).toEqual(bench.core.queueState.jobs)
    const engines = bench.pushes.flatMap((push) => (push.topic === 'engine' ? [push.engine.kind] : []))
    expect(engines.slice(0, 2)).toEqual(['starting', 'ready'])
    // Sampled twice a second: two short files may be done before the first sample that has an engine.
    await bench.until(() =>
      bench.pushes.some((push) => push.topic === 'metrics' && (push.metrics.engineRssBytes ?? 0) > 20e6)
    )
  })

  it('pauses between chunks and goes on where it was; what it had done is not done again', async () => {
    bench.wav('in/a.wav', LONG_SEC)
    await bench.add(bench.at('in'))
    const { handlers } = bench.core
    await handlers['queue.start']({})
    await bench.until(() => fraction() > 0.2)
    await handlers['queue.pause']({})
    // The chunk in work is finished first, which takes its time on a busy machine.
    let held = NaN
    for (let looks = 0; looks < 20 && fraction() !== held; looks++) {
      held = fraction()
      await new Promise((resolve) => setTimeout(resolve, 700))
    }
    expect(fraction()).toBe(held)
    expect(held).toBeLessThan(1)
    expect(bench.core.queueState.run.kind).toBe('paused')
    const from = bench.pushes.length
    await handlers['queue.resume']({})
    await bench.until(() => bench.pushes.slice(from).some((push) => push.topic === 'progress' && push.jobs[0]))
    const after = bench.pushes.slice(from).find((push) => push.topic === 'progress' && push.jobs.length > 0)
    expect(after).toMatchObject({ jobs: [{ fraction: expect.any(Number) as number }] })
    expect(fraction()).toBeGreaterThanOrEqual(held)
    await handlers['queue.cancel']({ jobIds: [bench.id('a.wav')] })
    await bench.until(idle)
    expect([bench.kinds(), parts()]).toEqual(['a.wav:cancelled', []])
  })

  it('stops and starts again, cancels within a second, runs next what it is told, retries', async () => {
    for (const name of ['a', 'b', 'c']) bench.wav(`in/${name}.wav`, name === 'a' ? LONG_SEC : 1)
    await bench.add(bench.at('in'))
    const { handlers } = bench.core
    await handlers['queue.start']({})
    await bench.until(() => fraction() > 0.02)
    await handlers['queue.stop']({})
    expect(bench.kinds()).toBe('a.wav:pending b.wav:pending c.wav:pending')
    expect(bench.core.queueState.jobs[0]?.status).toEqual({ kind: 'pending', attempts: 0 })
    expect(parts()).toEqual([])
    await handlers['queue.runNext']({ jobIds: [bench.id('c.wav')] })
    await handlers['queue.move']({ jobIds: [bench.id('b.wav')], beforeId: null })
    expect(bench.kinds()).toBe('c.wav:pending a.wav:pending b.wav:pending')
    await handlers['queue.start']({})
    await bench.until(() => running('a.wav'))
    expect(bench.kinds()).toContain('c.wav:done')
    const before = performance.now()
    await handlers['queue.cancel']({ jobIds: [bench.id('a.wav'), 'nobody'] })
    await bench.until(() => bench.kinds().includes('a.wav:cancelled'))
    expect(performance.now() - before).toBeLessThan(1000)
    await bench.until(idle)
    await handlers['queue.retry']({ jobIds: [bench.id('a.wav')] })
    bench.wav('in/a.wav', 1)
    await handlers['queue.start']({})
    await bench.until(() => bench.kinds().includes('a.wav:failed'))
    expect(bench.core.reportOf(bench.id('a.wav'))).toContain('[E_SOURCE_CHANGED]')
    await bench.until(idle)
    // The file as it is now: else a recording that was not finished could never be cleaned.
    await handlers['queue.retry']({ jobIds: [bench.id('a.wav')] })
    await handlers['queue.start']({})
    await bench.until(idle)
    expect(bench.kinds()).toBe('c.wav:done a.wav:done b.wav:done')
    await handlers['queue.clearFinished']({})
    expect(bench.kinds()).toBe('')
  })

  it('survives an engine that is killed in mid-file, and says nothing is lost', async () => {
    bench.wav('in/a.wav', 60)
    await bench.add(bench.at('in'))
    await bench.core.handlers['queue.start']({})
    await bench.until(() => fraction() > 0.05)
    const engine = (await bench.core.handlers['app.snapshot']({})).engine
    if (engine.kind !== 'ready') throw new Error(engine.kind)
    process.kill(engine.pid!, 'SIGKILL')
    await bench.until(() => bench.kinds() === 'a.wav:done')
    expect(bench.core.queueState.jobs[0]?.status).toMatchObject({ kind: 'done' })
    expect(parts()).toEqual([])
  })

  it('closes within three seconds in mid-file and offers to go on at the next start', async () => {
    bench.wav('in/a.wav', 1)
    bench.wav('in/b.wav', LONG_SEC)
    await bench.add(bench.at('in'))
    await bench.core.handlers['queue.start']({})
    await bench.until(() => running('b.wav') && fraction() > 0)
    await expect(new CoreBenchAt(bench).open()).rejects.toMatchObject({ code: 'E_IO' })
    const before = performance.now()
    await bench.close()
    expect(performance.now() - before).toBeLessThan(3000)
    expect([bench.files('in'), parts()]).toEqual([['a.clean.wav', 'a.wav', 'b.wav'], []])
    await bench.open()
    expect(bench.kinds()).toBe('a.wav:done b.wav:pending')
    const { recovery } = await bench.core.handlers['app.snapshot']({})
    expect(recovery).toEqual({ finished: 1, total: 2, damagedCopyPath: null })
    await bench.core.handlers['queue.recover']({ choice: 'discard' })
    expect(bench.kinds()).toBe('a.wav:done')
    expect((await bench.core.handlers['app.snapshot']({})).recovery).toBe(null)
  })

  it('begins what came into the watched folder once it is said what becomes of the earlier list (it waited for the next file)', async () => {
    bench.wav('in/a.wav', LONG_SEC)
    await bench.add(bench.at('in'))
    bench.wav('inbox/b.wav', 1)
    await bench.core.patchSettings({ watchedFolder: bench.at('inbox') })
    await bench.close()
    await bench.open()
    await bench.until(() => bench.core.queueState.jobs.length === 2)
    expect(bench.core.queueState.run.kind).toBe('idle')
    await bench.core.handlers['queue.recover']({ choice: 'discard' })
    await bench.until(() => bench.kinds() === 'b.wav:done')
    await bench.core.patchSettings({ watchedFolder: null })
  })

  it('closes while it is held, and while the engine is being started', async () => {
    bench.wav('in/a.wav', LONG_SEC)
    await bench.add(bench.at('in'))
    for (const hold of [true, false]) {
      await bench.core.handlers['queue.start']({})
      if (hold) {
        await bench.until(() => fraction() > 0)
        await bench.core.handlers['queue.pause']({})
      }
      const before = performance.now()
      await bench.close()
      expect(performance.now() - before).toBeLessThan(3000)
      expect(parts()).toEqual([])
      await bench.open()
      expect(bench.kinds()).toBe('a.wav:pending')
      expect(bench.core.queueState.run.kind).toBe('idle')
    }
  })

  it('keeps waiting files waiting where no engine can be had, and says why', async () => {
    bench.wav('in/a.wav', 1)
    await bench.add(bench.at('in'))
    const broken = path.join(bench.data, 'models', 'broken')
    mkdirSync(broken, { recursive: true })
    writeFileSync(path.join(broken, 'model.json'), '{')
    await bench.core.patchSettings({ job: { modelId: 'broken' } })
    await bench.core.handlers['queue.applySettings']({})
    await bench.core.handlers['queue.start']({})
    await bench.until(() => idle() && bench.core.queueState.revision > 4)
    expect(bench.kinds()).toBe('a.wav:pending')
    expect(bench.core.queueState.run).toMatchObject({ kind: 'idle', because: { code: 'E_MODEL_DAMAGED' } })
    expect(bench.pushes.some((push) => push.topic === 'finished')).toBe(false)
  })

  it('stops after the files in work, removes one that runs, and is not put out by clicks that come late', async () => {
    bench.wav('in/a.wav', LONG_SEC)
    bench.wav('in/b.wav', 1)
    await bench.add(bench.at('in'))
    const { handlers } = bench.core
    const [a, b] = [bench.id('a.wav'), bench.id('b.wav')]
    await handlers['queue.start']({})
    await handlers['queue.pause']({})
    await handlers['queue.stopAfter']({ on: true })
    expect(bench.core.queueState.run).toEqual({ kind: 'paused' })
    await handlers['queue.resume']({})
    expect(bench.core.queueState.run).toEqual({ kind: 'running', stopAfter: true })
    await bench.until(() => fraction() > 0)
    await handlers['queue.remove']({ jobIds: [a] })
    await bench.until(idle)
    expect(bench.kinds()).toBe('b.wav:pending')
    for (const jobIds of [[a], ['nobody']]) {
      await handlers['queue.cancel']({ jobIds })
      await handlers['queue.retry']({ jobIds })
      await handlers['queue.remove']({ jobIds })
      await handlers['queue.move']({ jobIds, beforeId: b })
      await handlers['queue.move']({ jobIds: [b], beforeId: jobIds[0]! })
      await handlers['queue.runNext']({ jobIds })
    }
    for (const route of ['queue.pause', 'queue.resume', 'queue.stop'] as const) await handlers[route]({})
    await handlers['queue.cancelScan']({ scanId: 'none' })
    expect(bench.kinds()).toBe('b.wav:pending')
  })

  it('leaves out what waits already and what it wrote itself, also under other names', async () => {
    bench.wav('in/a.wav', 1)
    await bench.core.patchSettings({ job: { output: { pattern: '{name} new' } } })
    await bench.add(bench.at('in'))
    await bench.add(bench.at('in'))
    expect(bench.kinds()).toBe('a.wav:pending')
    await bench.core.handlers['queue.start']({})
    await bench.until(() => bench.kinds() === 'a.wav:done' && idle())
    await bench.add(bench.at('in'))
    expect(bench.kinds()).toBe('a.wav:done a.wav:pending')
  })

  it('gives waiting jobs the settings of now, and the rest their own', async () => {
    bench.wav('in/a.wav', 1)
    bench.wav('in/b.wav', 1)
    await bench.add(bench.at('in/a.wav'))
    await bench.core.handlers['queue.start']({})
    await bench.until(() => bench.kinds() === 'a.wav:done' && idle())
    await bench.add(bench.at('in/b.wav'))
    const { job } = await bench.core.patchSettings({
      job: { strengthPercent: 0, output: { place: 'folder', folder: bench.at('out'), pattern: '{n} {name}' } }
    })
    const before = await bench.core.handlers['queue.preflight']({ settings: job })
    expect(before.warnings).toContainEqual({ kind: 'settingsDiffer', count: 1 })
    // The second of the list, although the first one waits no more.
    expect(before.example.output).toBe(bench.at('out/2 b.wav'))
    await bench.core.handlers['queue.applySettings']({})
    expect((await bench.core.handlers['queue.preflight']({ settings: job })).warnings).toEqual([])
    await bench.core.handlers['queue.start']({})
    await bench.until(() => bench.kinds() === 'a.wav:done b.wav:done')
    expect(bench.files('out')).toEqual(['2 b.wav'])
    expect(Object.keys(bench.core.queueState.settings)).toHaveLength(2)
  })

  it('says before the start what would go wrong', async () => {
    bench.wav('in/a.wav', 1)
    bench.wav('in/a.aiff', 1)
    bench.wav('in/sub/a.wav', 1)
    writeFileSync(bench.at('in/none.wav'), 'no audio at all')
    bench.wav('in/out/a.wav', 1)
    const { job } = await bench.core.patchSettings({
      job: { output: { place: 'folder', folder: bench.at('in/out'), pattern: '{name}' } }
    })
    await bench.add(bench.at('in'))
    await bench.until(() => bench.core.queueState.jobs.every((one) => one.probe !== null))
    const { warnings } = await bench.core.handlers['queue.preflight']({ settings: job })
    expect(warnings).toContainEqual({ kind: 'outputInsideInput', path: bench.at('in/out') })
    expect(warnings).toContainEqual({ kind: 'outputExists', count: 1, onExists: 'skip' })
    expect(warnings).toContainEqual({
      kind: 'collision',
      count: 1,
      example: expect.stringContaining('a (2).wav') as string
    })
    expect(warnings.find((warning) => warning.kind === 'unsupported')).toMatchObject({ count: 1 })
  })

  it('answers with a path only where something is', async () => {
    bench.wav('in/a.wav', 1)
    await bench.add(bench.at('in'))
    const id = bench.id('a.wav')
    expect(await bench.core.pathOf(id, 'source')).toBe(bench.at('in/a.wav'))
    await expect(bench.core.pathOf(id, 'result')).rejects.toMatchObject({ code: 'E_IO' })
    rmSync(bench.at('in/a.wav'))
    await expect(bench.core.pathOf(id, 'source')).rejects.toMatchObject({ code: 'E_IO' })
    await expect(bench.core.pathOf('nobody', 'source')).rejects.toMatchObject({ code: 'E_IO' })
    expect(existsSync(bench.data)).toBe(true)
  })

  it('tells of a scan that fails, and takes nothing of one that is cancelled', async () => {
    await bench.add(bench.at('nowhere'))
    const last = bench.pushes.findLast((push) => push.topic === 'scan')
    expect(last).toMatchObject({ scan: { done: true, error: { code: 'E_IO' } } })
    bench.wav('in/a.wav', 1)
    const { scanId } = await bench.core.addPaths([bench.at('in')])
    await bench.core.handlers['queue.cancelScan']({ scanId })
    await bench.until(() =>
      bench.pushes.some((push) => push.topic === 'scan' && push.scan.scanId === scanId && push.scan.done)
    )
    expect(bench.kinds()).toBe('')
  })
})

/** A second app on the same folder. */
class CoreBenchAt extends CoreBench {
  constructor(private readonly other: CoreBench) {
    super()
  }

  override get data(): string {
    return this.other.data
  }
}
