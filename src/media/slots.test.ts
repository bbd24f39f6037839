import { expect, it } from 'vitest'
import { Slots } from './slots'

const never = new AbortController().signal

/** Work that is ended from outside. */
function work(): { run: () => Promise<string>; end: () => void; begun: () => boolean } {
  let hasBegun = false
  let end: () => void = () => undefined
  const ended = new Promise<string>((resolve) => {
    end = () => {
      resolve('done')
    }
  })
  return {
    run: () => {
      hasBegun = true
      return ended
    },
    end,
    begun: () => hasBegun
  }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('lets as many run as there are slots, the others in their order, also after a failure', async () => {
  const slots = new Slots(1)
  const failing = slots.run(() => Promise.reject(new Error('broken')), never)
  const [a, b] = [work(), work()]
  const both = [slots.run(a.run, never), slots.run(b.run, never)]
  await expect(failing).rejects.toThrow('broken')
  await turn()
  expect([a.begun(), b.begun()]).toEqual([true, false])
  a.end()
  await turn()
  expect(b.begun()).toBe(true)
  b.end()
  expect(await Promise.all(both)).toEqual(['done', 'done'])
})

it('loses no slot to who leaves the queue (two cancels would have stopped all children for ever)', async () => {
  const slots = new Slots(1)
  const [a, b] = [work(), work()]
  const running = slots.run(a.run, never)
  const abort = new AbortController()
  const left = slots.run(b.run, abort.signal)
  abort.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  a.end()
  await running
  expect(b.begun()).toBe(false)
  expect(await slots.run(() => Promise.resolve(5), never)).toBe(5)
  await expect(slots.run(() => Promise.resolve(5), abort.signal)).rejects.toThrow('left')
})
