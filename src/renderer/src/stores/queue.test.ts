import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { emptyQueue } from '../../../shared/jobs/reduceQueue'
import { fakeApi, installFake, restingSnapshot } from '../ipc/fakeApi.testkit'
import { useQueue } from './queue'
import { useSession } from './session'

beforeEach(() => {
  setActivePinia(createPinia())
})

it('listens before it asks, and asks once more for a gap (else the list stays wrong until a restart)', async () => {
  let revision = 0
  const fake = fakeApi({
    'app.snapshot': () => restingSnapshot({ queue: { ...emptyQueue('e1'), revision } })
  })
  installFake(fake)
  const queue = useQueue()
  expect(fake.listeners()).toBe(1)
  expect(queue.ready).toBe(false)
  await useSession().refresh()
  expect(queue.ready).toBe(true)

  revision = 7
  fake.push({
    topic: 'queue',
    epoch: 'e1',
    revision: 7,
    event: { type: 'runChanged', run: { kind: 'paused' } }
  })
  await nextTick()
  await new Promise((resolve) => setTimeout(resolve))
  expect(fake.requestsOf('app.snapshot')).toHaveLength(2)
  expect(queue.state?.revision).toBe(7)

  fake.push({ topic: 'queue', epoch: 'e1', revision: 8, event: { type: 'runChanged', run: { kind: 'paused' } } })
  expect(queue.run.kind).toBe('paused')
  expect(fake.requestsOf('app.snapshot')).toHaveLength(2)
})
