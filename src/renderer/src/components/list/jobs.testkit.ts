import type { Job, JobResult, JobStatus } from '../../../../shared/jobs/job'

export const RESULT: JobResult = {
  outputPath: '/in/a.clean.wav',
  warnings: [],
  durationSec: 60,
  sampleRateHz: 48_000,
  channels: 2,
  processingSec: 3,
  peakRssBytes: 120e6
}

/** A job named `name` in `/in`, in the state that is asked for. */
export function aJob(id: string, name: string, status: JobStatus = { kind: 'pending', attempts: 0 }): Job {
  return {
    id,
    inputPath: `/in/${name}`,
    root: '/in',
    relativePath: name,
    explicit: false,
    identity: { device: '1', inode: id, sizeBytes: 1000, modifiedNs: '1' },
    outputPath: `/in/${name}.clean.wav`,
    settingsKey: 's1',
    probe: null,
    status
  }
}
