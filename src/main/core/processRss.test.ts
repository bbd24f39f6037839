import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { residentTogether, rssOf, rssOfAll } from './processRss'

describe.skipIf(process.platform !== 'linux')('memory of processes that share their program', () => {
  it('is that of one alone, and of two less than their sum (every process of Chromium counted its program again)', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'])
    try {
      await once(child.stdout, 'data')
      const pids = [process.pid, child.pid!]
      const [own, together, sum] = await Promise.all([
        residentTogether([process.pid]),
        residentTogether(pids),
        rssOfAll(pids)
      ])
      expect(own / (await rssOf(process.pid))!).toBeCloseTo(1, 1)
      expect(together).toBeGreaterThan(own)
      // The program's own pages, some 30 MB and more, are there once.
      expect(together).toBeLessThan(sum - 20e6)
    } finally {
      child.kill()
    }
  })

  it('leaves out what is gone', async () => {
    expect(await residentTogether([2 ** 22 + 12_345])).toBe(0)
  })
})
