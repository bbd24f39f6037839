import { mkdirSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
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

/** How long the loop was held while something was done, in milliseconds. */
async function loopDelay(work: () => Promise<void>): Promise<{ readonly p95: number; readonly wallMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const before = performance.now()
  await work()
  delay.disable()
  const wallMs = performance.now() - before
  return { p95: delay.percentile(95) / 1e6 - 5, wallMs }
}

describe.skipIf(!isBuilt())('ten thousand files', () => {
  it('are added, asked about, moved and cancelled without the window waiting (p95 at most 50 ms)', async () => {
    const measured: Record<string, { p95: number; wallMs: number }> = {}
    measured.add = await loopDelay(() => bench.add(bench.at('in')))
    expect(bench.core.queueState.jobs).toHaveLength(FILES)
    const { job } = bench.core.settings
    const { handlers } = bench.core
    measured.preflight = await loopDelay(async () => void (await handlers['queue.preflight']({ settings: job })))
    const form = await bench.core.patchSettings({ job: { chunkSec: 2, output: { pattern: '{name}-x' } } })
    measured.preflightAgain = await loopDelay(
      async () => void (await handlers['queue.preflight']({ settings: form.job }))
    )
    measured.apply = await loopDelay(async () => void (await handlers['queue.applySettings']({})))
    const ids = bench.core.queueState.jobs.map(({ id }) => id)
    measured.runNext = await loopDelay(async () => void (await handlers['queue.runNext']({ jobIds: ids.slice(5000) })))
    measured.cancel = await loopDelay(async () => void (await handlers['queue.cancel']({ jobIds: ids })))
    measured.snapshot = await loopDelay(async () => void (await handlers['app.snapshot']({})))
    measured.remove = await loopDelay(async () => void (await handlers['queue.remove']({ jobIds: ids })))
    console.info(
      Object.entries(measured)
        .map(([name, { p95, wallMs }]) => `${name} ${wallMs.toFixed(0)} ms (p95 ${p95.toFixed(1)})`)
        .join(', ')
    )
    for (const [name, { p95 }] of Object.entries(measured)) expect(p95, name).toBeLessThan(50)
    expect(bench.core.queueState.jobs).toEqual([])
  })
})
