/**
 * Builds out/ when a source is newer than the last build, and does nothing otherwise: a command started while another
 * is at work must not take the bundles away under it.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = join(import.meta.dirname, '..')
const stamp = join(root, 'out', 'built')
const lock = join(root, 'node_modules', '.stillwave-build-lock')
const LOCK_STALE_MS = 120_000

const mtimeMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

function newestSourceMs() {
  let newest = Math.max(mtimeMs(join(root, 'package-lock.json')), mtimeMs(join(root, 'electron.vite.config.ts')))
  // The host of the window's specs is built as well; the specs themselves are not.
  for (const folder of ['src', 'scripts', 'e2e/host']) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      if (/\.(ts|vue|json|html|css)$/.test(name)) newest = Math.max(newest, mtimeMs(join(root, folder, name)))
    }
  }
  return newest
}

async function takeLock() {
  for (;;) {
    try {
      mkdirSync(lock)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (Date.now() - mtimeMs(lock) > LOCK_STALE_MS) rmdirSync(lock)
      else await sleep(100)
    }
  }
}

if (newestSourceMs() > mtimeMs(stamp)) {
  await takeLock()
  try {
    const startedMs = Date.now()
    if (newestSourceMs() > mtimeMs(stamp)) {
      execFileSync('npm', ['run', '-s', 'build'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell: true })
      writeFileSync(stamp, `${new Date(startedMs).toISOString()}\n`)
    }
  } finally {
    rmdirSync(lock)
  }
}
