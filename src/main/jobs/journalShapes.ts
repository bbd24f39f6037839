import { z } from 'zod'
import type { Job } from '../../shared/jobs/job'
import { JobSettings, OutputSettings } from '../../shared/settings/jobSettings'

/**
 * What a journal's jobs and settings must be for the app to work with them. A checksum tells of a disk that lost something; it
 * does not tell of a line that another program, or another release, wrote. What comes later may have more fields.
 */
const Failure = z.looseObject({ code: z.string(), data: z.record(z.string(), z.union([z.string(), z.number()])) })

const amount = z.number().nonnegative()
const attempts = z.number().int().nonnegative()

const Result = z.looseObject({
  outputPath: z.string().min(1),
  warnings: z.array(z.string()),
  durationSec: amount,
  sampleRateHz: amount,
  channels: amount,
  processingSec: amount,
  peakRssBytes: amount
})

const Status = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('pending'), attempts }),
  z.looseObject({ kind: z.literal('running'), attempts }),
  z.looseObject({ kind: z.literal('done'), result: Result }),
  z.looseObject({ kind: z.literal('failed'), error: Failure }),
  z.looseObject({ kind: z.literal('skipped') }),
  z.looseObject({ kind: z.literal('cancelled'), because: Failure.nullable() })
])

const Info = z.looseObject({
  durationSec: amount.nullable(),
  sampleRateHz: amount,
  channels: amount,
  bitDepth: amount.nullable(),
  format: z.string()
})

const WholeJob = z.looseObject({
  id: z.string().min(1),
  inputPath: z.string().min(1),
  root: z.string(),
  relativePath: z.string().min(1),
  explicit: z.boolean(),
  identity: z.looseObject({ device: z.string(), inode: z.string(), sizeBytes: amount, modifiedNs: z.string() }),
  outputPath: z.string().min(1).nullable(),
  settingsKey: z.string(),
  probe: z
    .discriminatedUnion('ok', [
      z.looseObject({ ok: z.literal(true), info: Info }),
      z.looseObject({ ok: z.literal(false), error: Failure })
    ])
    .nullable(),
  status: Status
})

const WholeSettings = JobSettings.extend({ output: OutputSettings.loose() }).loose()

/** Whether this is a job: one that is not would fail somewhere in the app, each time that it starts. */
export const isWholeJob = (job: unknown): job is Job => WholeJob.safeParse(job).success

/** Whether these can be run. */
export const areWholeSettings = (settings: unknown): boolean => WholeSettings.safeParse(settings).success
