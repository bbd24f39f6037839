import { readdirSync, readFileSync } from 'node:fs'
import { processesOf } from './life'

/** What a program and its engine hold at a moment (Linux). */
export interface Held {
  readonly mainMb: number
  readonly engineMb: number
  readonly mainFiles: number
  readonly engineFiles: number
  readonly processes: number
}

/** Of the program that leads the group; null where its engine is not there. */
export function heldBy(group: number): Held | null {
  const pids = processesOf(group)
  const engine = pids.find((pid) => commandLine(pid).includes('engine.js'))
  if (engine === undefined) return null
  try {
    return {
      ...{ mainMb: residentMb(group), engineMb: residentMb(engine) },
      ...{ mainFiles: openFiles(group), engineFiles: openFiles(engine), processes: pids.length }
    }
  } catch {
    return null // One of them ended while it was looked at.
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // It ended.
  }
}

function residentMb(pid: number): number {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
  return (Number(pages) * 4096) / 1e6
}

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

/** The line through the values, by least squares: what is added from one to the next. */
export function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const [upper, lower] = values.reduce(
    ([u, l], value, n) => [u + (n - middle) * (value - mean), l + (n - middle) ** 2],
    [0, 0]
  )
  return upper / lower
}
