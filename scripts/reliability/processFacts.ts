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
  const engine = engineIn(group)
  if (engine === null) return null
  try {
    return {
      ...{ mainMb: residentMb(group), engineMb: residentMb(engine) },
      ...{ mainFiles: openFiles(group), engineFiles: openFiles(engine), processes: pids.length }
    }
  } catch {
    return null // One of them ended while it was looked at.
  }
}

/** The engine of the program that leads the group. */
export function engineIn(group: number): number | null {
  return processesOf(group).find((pid) => commandLine(pid).includes('engine.js')) ?? null
}

/** The most that any decoder of the program held until now; 0 where none runs. */
export function largestDecoderMb(group: number): number {
  const decoders = processesOf(group).filter((pid) => /^[^\0]*ff(?:mpeg|probe)\0/u.test(commandLine(pid)))
  return Math.max(0, ...decoders.map(highWaterMb))
}

function highWaterMb(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000
  } catch {
    return 0 // It ended.
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
