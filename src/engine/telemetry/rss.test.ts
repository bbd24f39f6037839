import { describe, expect, it } from 'vitest'
import { parseProcStatus, readRss } from './rss'

describe('readRss', () => {
  it('sees 64 MiB that were touched (would catch kB read as bytes, or VmSize read for VmRSS)', () => {
    const before = readRss()
    const block = new Uint8Array(64 << 20).fill(1)
    const after = readRss()
    expect(block[5]).toBe(1)
    expect(after.rssBytes - before.rssBytes).toBeGreaterThan(48 << 20)
    expect(after.peakRssBytes).toBeGreaterThanOrEqual(after.rssBytes)
    expect(after.rssBytes).toBeLessThan(8 * 2 ** 30)
  })

  it('reads VmRSS and VmHWM, not their neighbours', () => {
    const text = 'Name:\tnode\nVmPeak:\t  9000 kB\nVmSize:\t  8000 kB\nVmHWM:\t   300 kB\nVmRSS:\t   200 kB\n'
    expect(parseProcStatus(text)).toEqual({ rssBytes: 204_800, peakRssBytes: 307_200 })
    expect(() => parseProcStatus('VmRSS:\t 5 kB\n')).toThrow('VmHWM')
  })
})
