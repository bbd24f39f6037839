import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { EndSignal } from './endSignal'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

describe('an end that is waited for again and again', () => {
  it('keeps nothing of the waits before (ten hours of a decoder’s reads held 40 MB)', async () => {
    const end = new EndSignal()
    const waits = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await end.orEnd(Promise.resolve())
    }
    await waits(1000)
    collect()
    const before = process.memoryUsage().heapUsed
    await waits(50_000)
    collect()
    expect((process.memoryUsage().heapUsed - before) / 50_000).toBeLessThan(10)
  })

  it('wakes all who wait, and whoever comes later does not wait (a read hung for ever)', async () => {
    const end = new EndSignal()
    const never = new Promise<void>(() => undefined)
    const waiting = [end.orEnd(never), end.reached()]
    end.end()
    await Promise.all([...waiting, end.orEnd(never), end.reached()])
    expect(end.isOver).toBe(true)
  })

  it('fails as its event does', async () => {
    await expect(new EndSignal().orEnd(Promise.reject(new Error('gone')))).rejects.toThrow('gone')
  })
})
