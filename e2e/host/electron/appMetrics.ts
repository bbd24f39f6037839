import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { chromiumPid } from '../chromium'
import { strict } from '../refuse'
import { children } from './utilities'

/** What of Electron's `ProcessMetric` there is here; anything else of it is refused by name. */
export interface ProcessMetric {
  readonly pid: number
  readonly type: 'Browser' | 'Tab' | 'Utility'
  readonly serviceName?: string
  /** KB, as Electron tells it. */
  readonly memory: { readonly workingSetSize: number }
}

/** The app's processes and no others: main, its utility processes, and Chromium's own, which Electron has as well. */
export function appMetrics(): readonly ProcessMetric[] {
  const chromium = chromiumPid()
  const pages = chromium === null ? [] : treeOf(chromium).map((pid) => ({ pid, type: 'Tab' as const }))
  const utilities = [...children].map(({ pid, serviceName }) => ({ pid, serviceName, type: 'Utility' as const }))
  const known = [{ pid: process.pid, type: 'Browser' as const }, ...utilities, ...pages]
  return known.flatMap((one) => {
    const workingSetSize = residentKb(one.pid)
    return workingSetSize === null ? [] : [strict('app.getAppMetrics', { ...one, memory: { workingSetSize } })]
  })
}

/** A process and everything under it. */
function treeOf(root: number): readonly number[] {
  const all = parents()
  const tree = [root]
  for (const pid of tree) for (const [child, parent] of all) if (parent === pid) tree.push(child)
  return tree
}

/** All running processes with their parents. */
function parents(): readonly (readonly [number, number])[] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
    return lines.map((line) => line.trim().split(/\s+/u).map(Number) as [number, number])
  }
  return readdirSync('/proc').flatMap((name) => (/^\d+$/u.test(name) ? parentOf(name) : []))
}

function parentOf(pid: string): (readonly [number, number])[] {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!
    return [[Number(pid), Number(afterName.split(' ')[1])]]
  } catch {
    return [] // It ended while we looked.
  }
}

function residentKb(pid: number): number | null {
  try {
    if (process.platform !== 'linux') {
      return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim())
    }
    const match = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    return match ? Number(match[1]) : null
  } catch {
    return null // It ended while we looked.
  }
}
