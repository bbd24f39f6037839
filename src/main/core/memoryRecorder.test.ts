import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EngineFacts, Metrics } from '../../shared/ipc/memoryViews'
import { CoreBench, isBuilt } from './core.testkit'

let bench: CoreBench
beforeEach(async () => {
  bench = new CoreBench()
  await bench.open()
})
afterEach(async () => {
  await bench.remove()
})

const samples = (): Metrics[] => bench.pushes.flatMap((push) => (push.topic === 'metrics' ? [push.metrics] : []))
const facts = (): (EngineFacts | null)[] => bench.pushes.flatMap((push) => (push.topic === 'facts' ? [push.facts] : []))
const finished = (): number => bench.pushes.filter(({ topic }) => topic === 'finished').length

async function run(): Promise<void> {
  const before = finished()
  await bench.core.handlers['queue.start']({})
  await bench.until(() => finished() > before)
}

describe.skipIf(!isBuilt())('MemoryRecorder over the real engine', () => {
  it('tells what the engine loaded, and that it is one session for all files (facts of nobody)', async () => {
    for (const name of ['a.wav', 'b.wav']) bench.wav(`in/${name}`, 20)
    await bench.add(bench.at('in'))
    await run()
    const file = readFileSync(path.resolve('models/frcrn-lite.stateful.onnx'))
    await bench.until(() => facts().at(-1)?.session.files === 2)
    const last = facts().at(-1)!
    expect(last.loaded).toMatchObject({
      ...{ modelName: 'FRCRN-lite', fileName: 'frcrn-lite.stateful.onnx', sizeBytes: file.length, device: 'cpu' },
      ...{ sha256: createHash('sha256').update(file).digest('hex'), isVerified: true, graph: 'stateful' }
    })
    expect(last.precision).toBe('fp32')
    expect(last.flight).toEqual({ chunkSec: 1, batch: 1, lanes: 1 })
    // 20 s in chunks of one, twice, and the surveys before them.
    expect(last.session).toMatchObject({ files: 2, generation: 1 })
    expect(last.session.runs).toBeGreaterThanOrEqual(40)
    expect(last.session.ageSec).toBeGreaterThan(0)
    expect(last.buffers.inUseBytes).toBeGreaterThan(0)
    expect(last.buffers.inUse + last.buffers.givenBack).toBeGreaterThan(last.session.runs)
    const snapshot = await bench.core.handlers['app.snapshot']({})
    expect(snapshot.facts?.loaded).toEqual(last.loaded)
    // Other settings are another session; and an engine that is gone says nothing.
    await bench.core.handlers['settings.patch']({ job: { chunkSec: 2 } })
    bench.wav('more/c.wav', 2)
    await bench.add(bench.at('more'))
    await run()
    await bench.until(() => facts().at(-1)?.session.generation === 2)
    expect(facts()).toContain(null)
    expect(facts().at(-1)?.flight.chunkSec).toBe(2)
  })

  it('samples at least twice a second while a batch runs, marks its files, and keeps both for a window that opens late', async () => {
    for (const name of ['a.wav', 'b.wav']) bench.wav(`in/${name}`, 40)
    await bench.add(bench.at('in'))
    const begunMs = Date.now()
    await bench.core.handlers['queue.start']({})
    await bench.until(() => samples().some((sample) => sample.atMs > begunMs && sample.engineRssBytes !== null))
    const { engine } = await bench.core.handlers['app.snapshot']({})
    if (process.platform === 'linux' && engine.kind === 'ready') {
      const status = readFileSync(`/proc/${String(engine.pid)}/status`, 'latin1')
      const told = Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) * 1024
      const sampled = samples().at(-1)!.engineRssBytes!
      expect(Math.abs(sampled - told) / told).toBeLessThan(0.25)
    }
    await bench.until(() => finished() > 0)
    const seconds = (Date.now() - begunMs) / 1000
    const taken = samples().filter(({ atMs }) => atMs >= begunMs)
    expect(taken.length / seconds).toBeGreaterThanOrEqual(1.8)
    const history = await bench.core.handlers['metrics.history']({})
    expect(history.marks.map(({ name }) => name)).toEqual(['a.wav', 'b.wav'])
    expect(history.samples).toEqual(samples().slice(-history.samples.length))
    expect(history.samples.length).toBeGreaterThanOrEqual(taken.length)
    expect(taken.at(-1)!.appRssBytes).toBeGreaterThan(process.memoryUsage.rss() * 0.5)
  })
})
