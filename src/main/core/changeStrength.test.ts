import { appendFileSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobResult } from '../../shared/jobs/job'
import { CoreBench, isBuilt } from './core.testkit'

let bench: CoreBench
beforeEach(async () => {
  bench = new CoreBench()
  await bench.open()
})
afterEach(() => bench.remove())

function resultOf(name: string): JobResult {
  const job = bench.core.queueState.jobs.find(({ relativePath }) => relativePath === name)
  if (job?.status.kind !== 'done') throw new Error(`${name} is ${String(job?.status.kind)}`)
  return job.status.result
}
const idle = (): boolean => bench.core.queueState.run.kind === 'idle'

async function change(names: readonly string[], strengthPercent: number): Promise<void> {
  const { handlers } = bench.core
  await handlers['queue.changeStrength']({
    jobIds: names.map((name) => bench.id(name)),
    strengthPercent,
    floorDb: null
  })
  await bench.until(() => idle() && !bench.kinds().includes('pending'))
}

describe.skipIf(!isBuilt())('the strength of what is done', () => {
  it('changes in the result’s place and without the model; what somebody has changed since stays (it was overwritten)', async () => {
    for (const name of ['a', 'b']) bench.wav(`in/${name}.wav`, 1.5)
    await bench.add(bench.at('in'))
    const { handlers } = bench.core
    await handlers['queue.start']({})
    await bench.until(() => bench.kinds() === 'a.wav:done b.wav:done' && idle())
    const first = readFileSync(resultOf('a.wav').outputPath)
    expect(resultOf('a.wav').isFromKept).toBe(false)
    appendFileSync(resultOf('b.wav').outputPath, 'somebody’s own')
    const edited = readFileSync(resultOf('b.wav').outputPath)

    await change(['a.wav', 'b.wav'], 60)
    expect(bench.files('in')).toEqual(['a.clean.wav', 'a.wav', 'b.clean (2).wav', 'b.clean.wav', 'b.wav'])
    expect([resultOf('a.wav').isFromKept, resultOf('b.wav').isFromKept]).toEqual([true, true])
    expect(readFileSync(bench.at('in/b.clean.wav')).equals(edited)).toBe(true)
    const softer = readFileSync(bench.at('in/a.clean.wav'))
    expect(softer.equals(first)).toBe(false)

    expect((await handlers['kept.size']({})).bytes).toBeGreaterThan(2 * 1.5 * 16_000 * 4)
    await handlers['kept.clear']({})
    expect(await handlers['kept.size']({})).toEqual({ bytes: 0 })
    await change(['a.wav'], 100)
    expect(resultOf('a.wav').isFromKept).toBe(false)
    expect(readFileSync(bench.at('in/a.clean.wav')).equals(first)).toBe(true)
    await handlers['settings.patch']({ keepMb: 0 })
    await change(['a.wav'], 60)
    expect(readFileSync(bench.at('in/a.clean.wav')).equals(softer)).toBe(true)
    await bench.until(() => bench.files('data/cache/kept').length === 0)
  })
})
