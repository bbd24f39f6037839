import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killChild } from '../../shared/processes/killChild'
import { readJournal } from '../jobs/journalLines'
import { CoreBench, ENGINE, isBuilt } from './core.testkit'

const KILLS = 5
const FILES = 12
/** Beside the other bundles, so that it finds its packages. */
const CHILD = path.resolve(process.cwd(), 'out/testkit')

let bench: CoreBench
beforeAll(async () => {
  bench = new CoreBench()
  if (!isBuilt()) return
  await build({
    logLevel: 'error',
    configFile: false,
    build: {
      ssr: path.resolve(import.meta.dirname, 'coreChild.testkit.ts'),
      outDir: CHILD,
      target: 'node20',
      emptyOutDir: false,
      rolldownOptions: { output: { format: 'es', entryFileNames: 'coreChild.js' } }
    }
  })
})
afterAll(async () => {
  await bench.remove()
})

interface Life {
  readonly lines: readonly string[]
  readonly code: number | null
}

/** One life of the app's core; killed with SIGKILL after so long, or left to its end. */
function live(killAfterMs: number | null): Promise<Life> {
  const args = [path.join(CHILD, 'coreChild.js'), bench.root, path.resolve('models'), path.dirname(ENGINE)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (some: string) => {
    const begun = text.includes('open ')
    text += some
    // Counted from when the queue is open: before that there is nothing to lose.
    if (!begun && text.includes('open ') && killAfterMs !== null) setTimeout(() => killChild(child), killAfterMs)
  })
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ lines: text.split('\n').filter(Boolean), code })
    })
  })
}

describe.skipIf(!isBuilt())('an app that is killed again and again', () => {
  it(`loses nothing it told, does nothing twice and leaves nothing half, over ${KILLS} kills (R1)`, async () => {
    for (let n = 0; n < FILES; n++) bench.wav(`in/${n}.wav`, 2 + (n % 3))
    const told = new Set<string>()
    for (let life = 0; life < KILLS; life++) {
      const { lines } = await live(200 + ((life * 7919) % 1300))
      for (const line of lines) {
        const [, jobId] = /^told (\S+) done$/u.exec(line) ?? []
        if (jobId === undefined) continue
        expect(told.has(jobId), `${jobId} was done twice`).toBe(false)
        told.add(jobId)
      }
      const { state, damaged } = readJournal(readFileSync(path.join(bench.data, 'queue.jsonl')), 'x')
      expect(damaged).toBe(false)
      const done = new Set(state.jobs.flatMap((job) => (job.status.kind === 'done' ? [job.id] : [])))
      for (const jobId of told) expect(done.has(jobId), `${jobId} was told done and is forgotten`).toBe(true)
      await sleep(100)
    }
    const last = await live(null)
    expect(last.lines.at(-1)).toBe('finished')
    const names = Array.from({ length: FILES }, (_, n) => [`${n}.clean.wav`, `${n}.wav`]).flat()
    expect(bench.files('in')).toEqual(names.sort())
    const { state } = readJournal(readFileSync(path.join(bench.data, 'queue.jsonl')), 'x')
    // Killed between an output's name and its line, a file is found there by the next run.
    for (const job of state.jobs) expect(['done', 'skipped']).toContain(job.status.kind)
    for (let n = 0; n < FILES; n++) {
      const frames = (2 + (n % 3)) * 16_000
      const bytes = readFileSync(bench.at(`in/${n}.clean.wav`))
      const at = bytes.indexOf('data', 12, 'latin1')
      expect(bytes.readUInt32LE(at + 4)).toBe(frames * 2)
      expect(bytes.length).toBeGreaterThanOrEqual(at + 8 + frames * 2)
    }
  }, 120_000)
})
