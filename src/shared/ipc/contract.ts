import { z } from 'zod'
import { JobSettings } from '../settings/jobSettings'
import { SettingsPatch, type AppSettings } from '../settings/appSettings'
import type { Preflight, Snapshot } from './views'

/**
 * The one list of what the window can ask of main. Main parses `request` after the sender check; the type of the answer is
 * for the compiler. The window names jobs by id and never gives a path, save those of a drop, which main looks at itself.
 */
export interface Route<S extends z.ZodType, R> {
  readonly request: S
  /** For the compiler only; never there. */
  readonly answer?: R
}

const route =
  <R>() =>
  <S extends z.ZodType>(request: S): Route<S, R> => ({ request })

const nothing = z.strictObject({})
const jobIds = z.array(z.string().min(1).max(64)).min(1).max(100_000)
const someJobs = z.strictObject({ jobIds })
const oneJob = z.strictObject({ jobId: z.string().min(1).max(64) })

export const CONTRACT = {
  'app.snapshot': route<Snapshot>()(nothing),
  /** Paths of a drop; scanned in the background, told by `scan` pushes. Answers with the scan's id. */
  'queue.addPaths': route<{ readonly scanId: string }>()(
    z.strictObject({ paths: z.array(z.string().min(1).max(32_768)).min(1).max(10_000) })
  ),
  /** Asks the user for files or folders. Null where the dialog was left. */
  'queue.pick': route<{ readonly scanId: string } | null>()(z.strictObject({ what: z.enum(['files', 'folders']) })),
  'queue.cancelScan': route<null>()(z.strictObject({ scanId: z.string().min(1).max(64) })),
  'queue.start': route<null>()(nothing),
  'queue.pause': route<null>()(nothing),
  'queue.resume': route<null>()(nothing),
  /** Ends the run: files in work go back to the queue, with nothing left of them. */
  'queue.stop': route<null>()(nothing),
  'queue.stopAfter': route<null>()(z.strictObject({ on: z.boolean() })),
  'queue.cancel': route<null>()(someJobs),
  'queue.retry': route<null>()(someJobs),
  'queue.remove': route<null>()(someJobs),
  'queue.move': route<null>()(z.strictObject({ jobIds, beforeId: z.string().min(1).max(64).nullable() })),
  'queue.runNext': route<null>()(someJobs),
  'queue.clearFinished': route<null>()(nothing),
  /** Waiting jobs take the form's settings of now. */
  'queue.applySettings': route<null>()(nothing),
  'queue.preflight': route<Preflight>()(z.strictObject({ settings: JobSettings })),
  'queue.recover': route<null>()(z.strictObject({ choice: z.enum(['continue', 'keep', 'discard']) })),
  'settings.patch': route<AppSettings>()(SettingsPatch),
  /** Asks the user for the output folder and puts it into the settings; null where the dialog was left. */
  'settings.pickFolder': route<AppSettings | null>()(nothing),
  'settings.pickFfmpeg': route<AppSettings | null>()(nothing),
  'engine.retry': route<null>()(nothing),
  'job.reveal': route<null>()(oneJob.extend({ which: z.enum(['source', 'result']) })),
  /** Opens source or result with the system's own player. */
  'job.open': route<null>()(oneJob.extend({ which: z.enum(['source', 'result']) })),
  /** The report's text, put on the clipboard as well. */
  'job.copyReport': route<{ readonly text: string }>()(oneJob),
  'app.cancelCountdown': route<null>()(nothing),
  'app.openLogs': route<null>()(nothing)
} as const

export type Contract = typeof CONTRACT
export type RouteName = keyof Contract
export type RequestOf<N extends RouteName> = z.infer<Contract[N]['request']>
export type AnswerOf<N extends RouteName> = NonNullable<Contract[N]['answer']> | NullOf<Contract[N]['answer']>
type NullOf<T> = null extends T ? null : never

/** What answers: one function for every route. */
export type Handlers = { readonly [N in RouteName]: (request: RequestOf<N>) => Promise<AnswerOf<N>> }
