import { describe, expect, it } from 'vitest'
import { SilenceMeter } from './silence'

describe('SilenceMeter', () => {
  it('adds up silence, and forgets it when the process speaks', () => {
    const meter = new SilenceMeter(2, 0)
    expect([1, 2, 3].map((sec) => meter.advance(sec))).toEqual([1, 2, 3])
    expect(meter.heard(4)).toBe(4)
    expect(meter.advance(5)).toBe(1)
  })

  it('does not count a sleep of the whole machine (R42: a lid closed for an hour killed the engine)', () => {
    const meter = new SilenceMeter(2, 0)
    meter.advance(1)
    expect(meter.advance(3601)).toBe(3)
  })

  it('never runs backwards', () => {
    const meter = new SilenceMeter(2, 10)
    expect(meter.advance(5)).toBe(0)
  })
})
