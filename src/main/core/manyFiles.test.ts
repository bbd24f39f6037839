import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CoreBench, isBuilt } from './core.testkit'

const FILES = 10_000

let bench: CoreBench
beforeAll(async () => {
  bench = new CoreBench()
  mkdirSync(bench.at('in'))
  for (let n = 0; n < FILES; n++) writeFileSync(bench.at(`in/${n}.wav`), 'RIFF')
  if (isBuilt()) await bench.open()
})
afterAll(async () => {
  await bench.remove()
})

interface Cost {
  readonly p95: number
  readonly cpuMs: number
}

/**
 * Milliseconds that this process worked between two turns of its loop, and in all. CPU time, not wall time: on a machine that
 * does other things as well a turn of ten milliseconds takes any time.
 */
async function costOf(work: () => Promise<void>): Promise<Cost> {
  const turns: number[] = []
  const first = cpuMs()
  let last = first
  const timer = setInterval(() => {
    const now = cpuMs()
    turns.push(now - last)
    last = now
  }, 5)
  await work()
  clearInterval(timer)
  turns.push(cpuMs() - last)
  turns.sort((a, b) => a - b)
  return { p95: turns[Math.ceil(turns.length * 0.95) - 1]!, cpuMs: cpuMs() - first }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

describe.skipIf(!isBuilt())('ten thousand files', () => {
  it('are added, asked about, moved and cancelled without any turn of the loop that grows with the square of the list', async () => {
    const measured: Record<string, Cost> = {}
    measured.add = await costOf(() => bench.add(bench.at('in')))
    expect(bench.core.queueState.jobs).toHaveLength(FILES)
    const { job } = bench.core.settings
    const { handlers } = bench.core
    measured.preflight = await costOf(async () => {
      await handlers['queue.preflight']({ settings: job })
    })
    measured.outlook = await costOf(async () => {
      expect((await handlers['queue.outlook']({})).files).toHaveLength(FILES)
    })
    const form = await bench.core.patchSettings({ job: { chunkSec: 2, output: { pattern: '{name}-x' } } })
    measured.preflightAgain = await costOf(async () => {
      await handlers['queue.preflight']({ settings: form.job })
    })
    measured.apply = await costOf(async () => {
      await handlers['queue.applySettings']({})
    })
    const ids = bench.core.queueState.jobs.map(({ id }) => id)
    measured.runNext = await costOf(async () => {
      await handlers['queue.runNext']({ jobIds: ids.slice(5000) })
    })
    measured.run = await costOf(async () => {
      await handlers['queue.start']({})
      await bench.until(() => bench.core.queueState.jobs.filter(({ status }) => status.kind === 'failed').length > 20)
      await handlers['queue.stop']({})
    })
    measured.cancel = await costOf(async () => {
      await handlers['queue.cancel']({ jobIds: ids })
    })
    measured.snapshot = await costOf(async () => {
      await handlers['app.snapshot']({})
    })
    measured.remove = await costOf(async () => {
      await handlers['queue.remove']({ jobIds: ids })
    })
    console.info(
      Object.entries(measured)
        .map(([name, { p95, cpuMs: all }]) => `${name} ${all.toFixed(0)} ms (p95 ${p95.toFixed(1)})`)
        .join(', ')
    )
    // On an idle machine all are under 50 ms; work that is quadratic in the list takes seconds.
    for (const [name, { p95 }] of Object.entries(measured)) expect(p95, name).toBeLessThan(250)
    expect(measured.add.cpuMs).toBeLessThan(2000)
    expect(bench.core.queueState.jobs).toEqual([])
  })
})
