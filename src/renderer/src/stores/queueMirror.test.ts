import { describe, expect, it } from 'vitest'
import type { NewJob } from '../../../shared/jobs/job'
import type { QueueEvent, QueueState } from '../../../shared/jobs/queue'
import { emptyQueue, reduceQueue } from '../../../shared/jobs/reduceQueue'
import { DEFAULT_JOB_SETTINGS } from '../../../shared/settings/jobSettings'
import type { PushOf } from '../ipc/client'
import { FIRST_MIRROR, takePush, takeSnapshot } from './queueMirror'

const newJob = (id: string): NewJob => ({
  id,
  inputPath: `/in/${id}.wav`,
  root: '/in',
  relativePath: `${id}.wav`,
  explicit: false,
  identity: { device: '1', inode: '2', sizeBytes: 3, modifiedNs: '4' },
  outputPath: `/out/${id}.wav`,
  error: null
})
const added = (id: string): QueueEvent => ({
  type: 'jobsAdded',
  jobs: [newJob(id)],
  settingsKey: 's',
  settings: DEFAULT_JOB_SETTINGS
})
/** Main's queue after so many additions, and the push that led to each revision. */
const queueAt = (revision: number, epoch = 'e1'): QueueState =>
  Array.from({ length: revision }, (_, at) => added(`j${at}`)).reduce(reduceQueue, emptyQueue(epoch))
const pushTo = (revision: number, epoch = 'e1'): PushOf<'queue'> => ({
  topic: 'queue',
  epoch,
  revision,
  event: added(`j${revision - 1}`)
})

describe('queue mirror', () => {
  it('keeps pushes until the snapshot is there and then applies the later ones only (else a file shows twice, or never)', () => {
    const waiting = [2, 3, 4].map((n) => pushTo(n)).reduce(takePush, FIRST_MIRROR)
    const mirror = takeSnapshot(waiting, queueAt(3))
    expect(mirror).toEqual({ state: queueAt(4), asking: false, kept: [] })
  })

  it('asks again on a gap and takes nothing from behind it (a lost event would shift every later one)', () => {
    const mirror = takePush(takeSnapshot(FIRST_MIRROR, queueAt(1)), pushTo(3))
    expect(mirror.asking).toBe(true)
    expect(mirror.state).toEqual(queueAt(1))
    expect(takeSnapshot(mirror, queueAt(3))).toEqual({ state: queueAt(3), asking: false, kept: [] })
  })

  it('asks again after a snapshot that is too old for what was kept (the answer overtook the news)', () => {
    const waiting = takePush(FIRST_MIRROR, pushTo(4))
    expect(takeSnapshot(waiting, queueAt(2)).asking).toBe(true)
  })

  it('asks again when another life of the queue speaks (a restarted main begins at revision 1)', () => {
    const mirror = takePush(takeSnapshot(FIRST_MIRROR, queueAt(5)), pushTo(1, 'e2'))
    expect(mirror.asking).toBe(true)
    expect(takeSnapshot(mirror, queueAt(1, 'e2')).state?.epoch).toBe('e2')
  })

  it('does not apply a repeated push (the reducer would throw on the same job)', () => {
    const mirror = takeSnapshot(FIRST_MIRROR, queueAt(2))
    expect(takePush(mirror, pushTo(2))).toBe(mirror)
  })

  it('asks again when an event cannot happen in its copy, and does not throw into the bridge', () => {
    const mirror = takeSnapshot(FIRST_MIRROR, queueAt(1))
    const wrong = { ...pushTo(2), event: { type: 'jobStarted', jobId: 'nobody' } } as const
    expect(takePush(mirror, wrong).asking).toBe(true)
  })
})
