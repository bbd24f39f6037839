import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { killChild } from '../../src/shared/processes/killChild'

export interface LifePlan {
  readonly args: readonly string[]
  /** What is started with them; this Node by default. */
  readonly program?: string
  readonly env?: NodeJS.ProcessEnv
  /** How long after its beginning, or after `from` was printed, it is killed; null leaves it to its end. */
  readonly killAfterMs: number | null
  readonly from?: string
  /** Main alone, as by a person, or all its processes at once, as by the end of a session. */
  readonly wholeGroup: boolean
  /** How it is ended; SIGKILL by default. Another one reaches main alone. */
  readonly signal?: 'SIGKILL' | 'SIGTERM' | 'SIGINT'
  /** Something was printed. */
  readonly heard?: (text: string, pid: number) => void
  /** What happens to it while it lives; it is waited for. */
  readonly meanwhile?: (living: Living) => Promise<void>
}

/** A life from outside. */
export interface Living {
  readonly pid: number
  readonly isOver: () => boolean
  /** What it printed lately, on both outputs. */
  readonly lately: () => string
  /** Ends it as `killAfterMs` would. */
  readonly strike: () => void
}

export interface Life {
  readonly stdout: string
  readonly stderr: string
  /** Null where it was killed. */
  readonly code: number | null
  readonly tookMs: number
  /** From the start to `from`; null where that never came. */
  readonly readyMs: number | null
  /** From the signal to its end; null where it came to its end by itself. */
  readonly endedInMs: number | null
  /** Processes of it that were still there this long after its end. */
  readonly strays: readonly number[]
}

const LATELY = 50_000
/** What a child may take to notice that main is gone. */
const ORPHAN_MS = 10_000

/** One life of a program, with a process group of its own, killed by SIGKILL or left to its end. */
export async function live(plan: LifePlan): Promise<Life> {
  const begunMs = performance.now()
  const child = spawn(plan.program ?? process.execPath, plan.args, {
    env: { ...process.env, ...plan.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true
  })
  let [stdout, stderr, readyMs] = ['', '', null as number | null]
  let [timer, struckMs] = [undefined as NodeJS.Timeout | undefined, null as number | null]
  const { signal = 'SIGKILL' } = plan
  const strike = (): void => {
    struckMs ??= performance.now()
    // Only while it has not been waited for is the number surely its own.
    const isOurs = child.exitCode === null && child.signalCode === null && (child.pid ?? 0) > 1
    if (plan.wholeGroup && isOurs && signal === 'SIGKILL') process.kill(-child.pid!, signal)
    else killChild(child, signal)
  }
  const arm = (): void => {
    if (plan.killAfterMs !== null && timer === undefined) timer = setTimeout(strike, plan.killAfterMs)
  }
  if (plan.from === undefined) arm()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    plan.heard?.(text, child.pid!)
    if (readyMs !== null || plan.from === undefined || !stdout.includes(plan.from)) return
    readyMs = performance.now() - begunMs
    arm()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const happening = plan.meanwhile?.({
    pid: child.pid!,
    isOver,
    lately: () => stdout.slice(-LATELY) + stderr.slice(-LATELY),
    strike
  })
  const code = await ended
  clearTimeout(timer)
  const endedMs = performance.now()
  const [tookMs, endedInMs] = [endedMs - begunMs, struckMs === null ? null : endedMs - struckMs]
  await happening
  const strays = await strayProcesses(child.pid!)
  return { stdout, stderr, code, tookMs, readyMs, endedInMs, strays }
}

async function strayProcesses(group: number): Promise<readonly number[]> {
  const deadline = performance.now() + ORPHAN_MS
  for (;;) {
    const left = processesOf(group)
    if (left.length === 0 || performance.now() > deadline) return left
    await sleep(20)
  }
}

/** The living processes of a group (Linux; elsewhere none are seen). */
export function processesOf(group: number): readonly number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/u.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return processGroup === String(group) && state !== 'Z' ? [Number(name)] : []
    } catch {
      return [] // It ended while it was looked at.
    }
  })
}
