import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** All running processes with their parents. */
function parents(): ReadonlyMap<number, number> {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
    return new Map(lines.map((line) => line.trim().split(/\s+/u).map(Number) as [number, number]))
  }
  const found = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/u.test(entry))) {
    const stat = readStat(name)
    // A zombie is gone: only its parent has not looked yet.
    if (stat && stat.state !== 'Z') found.set(Number(name), stat.parent)
  }
  return found
}

function readStat(pid: string): { readonly state: string; readonly parent: number } | null {
  try {
    const [state = '', parent = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return { state, parent: Number(parent) }
  } catch {
    // It ended while we looked.
    return null
  }
}

/** `pid` and everything under it, parents first. */
export function treeOf(pid: number): readonly number[] {
  const all = parents()
  const tree = [pid]
  for (const known of tree) for (const [child, parent] of all) if (parent === known) tree.push(child)
  return tree.filter((one) => all.has(one))
}

/** Those of `pids` that still run. */
export function alive(pids: readonly number[]): readonly number[] {
  const all = parents()
  return pids.filter((pid) => all.has(pid))
}

/** At once, and without a chance to tidy up. */
export function killNow(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
