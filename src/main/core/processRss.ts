import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const KB = 1024
const run = promisify(execFile)

/** A process's resident memory; null where it is gone, or the system does not tell. */
export async function rssOf(pid: number): Promise<number | null> {
  try {
    if (process.platform === 'linux') {
      const match = /^VmRSS:\s+(\d+) kB$/mu.exec(await readFile(`/proc/${pid}/status`, 'latin1'))
      return match ? Number(match[1]) * KB : null
    }
    if (process.platform === 'win32') {
      const { stdout } = await run('tasklist', ['/fi', `pid eq ${pid}`, '/fo', 'csv', '/nh'], { windowsHide: true })
      const kilobytes = /"([\d.,\s]+) K"\s*$/u.exec(stdout)?.[1]?.replace(/\D/gu, '')
      return kilobytes ? Number(kilobytes) * KB : null
    }
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)])
    return Number(stdout.trim()) * KB || null
  } catch {
    return null // Gone since we looked: its end is told elsewhere.
  }
}

/** Resident memory of all of these together. */
export async function rssOfAll(pids: readonly number[]): Promise<number> {
  const all = await Promise.all(pids.map(rssOf))
  return all.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)
}

/**
 * What processes of one program hold together, on Linux: the own pages of each, and the pages of its files (libraries, Chromium's
 * binary) once, as they share them. The plain sum would count those for every process of the window.
 */
export async function residentTogether(pids: readonly number[]): Promise<number> {
  const all = await Promise.all(pids.map(pagesOf))
  let [own, shared] = [0, 0]
  for (const pages of all) {
    if (pages === null) continue
    own += pages.ownBytes
    shared = Math.max(shared, pages.fileBytes)
  }
  return own + shared
}

/** From /proc/PID/status; null where the process is gone. */
async function pagesOf(pid: number): Promise<{ readonly ownBytes: number; readonly fileBytes: number } | null> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => null) // Gone since we looked.
  if (status === null) return null
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'mu').exec(status)?.[1] ?? 0) * KB
  return { ownBytes: field('RssAnon') + field('RssShmem'), fileBytes: field('RssFile') }
}
