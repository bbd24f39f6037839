import { describe, expect, it } from 'vitest'
import { PeakMeter } from './peak'

/** A system whose high-water mark is set by the test. */
function system(): { meter: PeakMeter; reach: (bytes: number) => void } {
  let mark = 100
  const meter = new PeakMeter(
    () => ({ rssBytes: 50, peakRssBytes: mark }),
    () => {
      mark = 50
    }
  )
  return {
    meter,
    reach: (bytes) => {
      mark = Math.max(mark, bytes)
    }
  }
}

describe('PeakMeter', () => {
  it('tells each span its own peak, overlapping ones too (a small file after a big one reported the big one)', () => {
    const { meter, reach } = system()
    const big = meter.begin()
    reach(900)
    const beside = meter.begin()
    reach(300)
    expect(big.end()).toBe(900)
    expect(beside.end()).toBe(300)
    const small = meter.begin()
    reach(70)
    expect(small.end()).toBe(70)
  })

  it("keeps the life's peak through all of them", () => {
    const { meter, reach } = system()
    reach(900)
    meter.begin().end()
    expect(meter.read()).toEqual({ rssBytes: 50, peakRssBytes: 900 })
  })

  it.skipIf(process.platform !== 'linux')('sees on this system what a span touched', () => {
    const meter = new PeakMeter()
    const span = meter.begin()
    const { rssBytes } = meter.read()
    const block = new Uint8Array(64 << 20).fill(1)
    expect(block[7]).toBe(1)
    expect(span.end()).toBeGreaterThan(rssBytes + (48 << 20))
  })
})
