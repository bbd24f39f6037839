import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Disturbed, partsIn, untilPart } from './disturbed'
import { atMost, none, type Promised } from './promises'
import type { Random } from './random'

export interface DiskPlan {
  readonly folder: string
  readonly count: number
  readonly random: Random
  readonly say: (line: string) => void
}

/** A disk in memory gives its room away in pieces of so many. */
const PAGE_KB = 4

const mount = (folder: string, sizeKb: number): void => {
  mkdirSync(folder, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'tmpfs', folder])
}

/** Disks of every size up to the one that holds all results, `count` of them at most: each of their writes is the one that finds no room. */
export async function fullDisks({ folder, count, say }: DiskPlan): Promise<readonly Promised[]> {
  const bench = await Disturbed.open(folder, [0.5, 2, 1])
  const disk = path.join(folder, 'disk')
  const faults: string[] = []
  let full = 0
  for (let sizeKb = PAGE_KB; full < count; sizeKb += PAGE_KB) {
    mount(disk, sizeKb)
    try {
      const { life, files, faults: found } = await bench.run({ outDir: disk })
      if (life.code === 0) break
      full++
      const wrong = [...found, ...partsIn(disk).map((name) => `${name} stayed`)]
      const ends = files
        .filter(({ status }) => status !== 'done')
        .map(({ status, error }) => `${status} ${error?.code}`)
      const expected = ends.map((_, n) => `${n === 0 ? 'failed' : 'cancelled'} E_DISK_FULL`)
      if (ends.length === 0 || ends.join() !== expected.join()) wrong.push(`ended as ${ends.join() || 'nothing'}`)
      // A new mount would be another disk.
      execFileSync('mount', ['-o', 'remount,size=16m', disk])
      wrong.push(...(await bench.restart({ outDir: disk })))
      faults.push(...wrong.map((text) => `${sizeKb} kB: ${text}`))
    } finally {
      execFileSync('umount', [disk])
    }
    if (full % 10 === 0) say(`${full} disks`)
  }
  return [
    { promise: 'disks that were full', found: String(full), kept: full > 0 },
    none('files damaged or called done, parts left, batches that did not go on once there was room', faults)
  ]
}

/** The disk of the results is taken away in mid-write, `count` times. */
export async function vanishingDisks({ folder, count, random, say }: DiskPlan): Promise<readonly Promised[]> {
  const bench = await Disturbed.open(folder, [0.5, 30, 1])
  const disk = path.join(folder, 'disk')
  const faults: string[] = []
  let longestMs = 0
  for (let n = 1; n <= count; n++) {
    mount(disk, 64_000)
    let goneMs = NaN
    const {
      life,
      files,
      faults: found
    } = await bench.run({
      outDir: disk,
      meanwhile: async (living) => {
        const isLong = (): boolean => partsIn(disk).some((name) => name.includes('take-1'))
        while (!isLong() && (await untilPart(disk, living))) await sleep(1)
        await sleep((random.next() * bench.tookMs) / 5)
        execFileSync('umount', ['-l', disk])
        goneMs = performance.now()
      }
    })
    // In case it was over before.
    if (spawnSync('mountpoint', ['-q', disk]).status === 0) execFileSync('umount', [disk])
    longestMs = Math.max(longestMs, performance.now() - goneMs)
    const wrong = found.filter((fault) => !fault.includes('take-0.wav is called done'))
    const ends = files.map(({ status, error }) => `${status} ${error?.code ?? ''}`.trim())
    if (life.code !== 1 || ends.join() !== 'done,failed E_IO,cancelled E_IO')
      wrong.push(`ended with ${life.code}: ${ends.join()}`)
    wrong.push(...readdirSync(disk).map((name) => `${name} was put into the bare mount point`))
    faults.push(...wrong.map((text) => `${n}: ${text}`))
  }
  say(`${count} disks taken away`)
  return [
    none('batches that did not stop with E_IO, files on the wrong disk, processes left', faults),
    atMost('seconds until it was over', longestMs / 1000, 10)
  ]
}
