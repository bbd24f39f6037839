import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { EngineSettings } from './protocol'
import type { Engine, JobHooks, LoadEngine } from './serve'

/** A fault that a test asks for. */
const FaultPlan = z.object({
  /**
   * `throw` fails as ONNX Runtime does, with words only; `kill` ends the process as the kernel's memory killer does; `abort` as an
   * allocator that gives up, which writes its words to stderr first.
   */
  kind: z.enum(['throw', 'kill', 'abort']),
  message: z.string(),
  /** At this checkpoint of a file, counted from 1: one goes before every run and every block that is read. 0 is while the model loads. */
  run: z.number().int().nonnegative(),
  /** Only where lanes times seconds of one run are more than this: what fits does not fail. */
  overLaneSec: z.number().nonnegative().default(0),
  /** Only on these devices; all by default. */
  devices: z.array(z.string()).nullable().default(null),
  /** A folder that remembers which files have had theirs: each has one only. Null repeats it. */
  oncePerFileIn: z.string().nullable().default(null)
})
type FaultPlan = z.infer<typeof FaultPlan>

/** The plan in STILLWAVE_FAULT, as JSON. Read under a test runner only: nobody else's environment breaks an engine. */
export function plannedFault(env: NodeJS.ProcessEnv): FaultPlan | null {
  if (env.VITEST === undefined || env.STILLWAVE_FAULT === undefined) return null
  return FaultPlan.parse(JSON.parse(env.STILLWAVE_FAULT))
}

/** The seam: the same engines, which fail as planned. The failure takes the way that a real one takes, from between two runs on. */
export function withFaults(load: LoadEngine, plan: FaultPlan | null): LoadEngine {
  if (plan === null) return load
  return async (settings) => {
    if (!meets(plan, settings)) return load(settings)
    if (plan.run === 0) await strike(plan, 'load')
    return failing(await load(settings), plan)
  }
}

function meets(plan: FaultPlan, { batch, chunkSec, device }: EngineSettings): boolean {
  return batch * chunkSec > plan.overLaneSec && (plan.devices === null || plan.devices.includes(device))
}

function failing(engine: Engine, plan: FaultPlan): Engine {
  return {
    get device() {
      return engine.device
    },
    get join() {
      return engine.join
    },
    get threads() {
      return engine.threads
    },
    get facts() {
      return engine.facts
    },
    denoise: (job, hooks) => engine.denoise(job, countingRuns(hooks, plan, job.jobId)),
    release: () => engine.release()
  }
}

/** Counts the checkpoints of a file: one goes before each run, and before each block that is read. */
function countingRuns(hooks: JobHooks, plan: FaultPlan, jobId: string): JobHooks {
  let runs = 0
  return {
    ...hooks,
    checkpoint: async () => {
      await hooks.checkpoint()
      runs++
      if (runs === plan.run) await strike(plan, jobId)
    }
  }
}

async function strike(plan: FaultPlan, what: string): Promise<void> {
  if (plan.oncePerFileIn !== null) {
    const mark = path.join(plan.oncePerFileIn, what)
    if (existsSync(mark)) return
    mkdirSync(plan.oncePerFileIn, { recursive: true })
    writeFileSync(mark, '')
  }
  if (plan.kind === 'throw') throw new Error(plan.message)
  if (plan.kind === 'abort')
    await new Promise<void>((written) =>
      process.stderr.write(`${plan.message}\n`, () => {
        written()
      })
    )
  process.kill(process.pid, plan.kind === 'kill' ? 'SIGKILL' : 'SIGABRT')
  // Nothing comes after the signal.
  await new Promise<never>(() => undefined)
}
