import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FileReport, RunReport } from '../../src/main/reports/runReport'
import { projectRoot } from '../projectRoot'
import { live } from './life'
import { largestDecoderMb } from './processFacts'

export interface BatchOutcome {
  readonly files: readonly FileReport[]
  /** What the command as a whole did wrong. */
  readonly faults: readonly string[]
  /** The longest time in which no file came to its end. */
  readonly longestGapSec: number
  /** The most that a decoder held (Linux); 0 where none was seen. */
  readonly decoderMb: number
}

/** What a file may take; a batch that takes all of that for each hangs. */
const FILE_LIMIT_MS = 30_000
const COMMAND = path.join(projectRoot, 'out/main/headless.js')

/** The built command over a folder of files that may be anything: its report, and whether it kept its own promises. */
export async function commandBatch(
  folder: string,
  names: readonly string[],
  options: readonly string[]
): Promise<BatchOutcome> {
  const [outDir, report] = [path.join(folder, 'out'), path.join(folder, 'report.json')]
  for (const old of [outDir, report]) rmSync(old, { recursive: true, force: true })
  let [lastMs, longestGapMs, decoderMb] = [performance.now(), 0, 0]
  const life = await live({
    args: [COMMAND, ...names.map((name) => path.join(folder, name)), '--out', outDir, ...options, '--report', report],
    env: { STILLWAVE_DATA: path.join(folder, 'data') },
    ...{ killAfterMs: FILE_LIMIT_MS + names.length * 5000, wholeGroup: true },
    meanwhile: async ({ pid, isOver }) => {
      while (!isOver()) {
        decoderMb = Math.max(decoderMb, largestDecoderMb(pid))
        await sleep(40)
      }
    },
    heard: () => {
      longestGapMs = Math.max(longestGapMs, performance.now() - lastMs)
      lastMs = performance.now()
    }
  })
  const faults = life.strays.map((pid) => `process ${pid} stayed`)
  if (life.code !== 0 && life.code !== 1) faults.push(`exit code ${life.code}: ${life.stderr.slice(-300)}`)
  const files = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as RunReport).files : []
  if (files.length !== names.length) faults.push(`${files.length} of ${names.length} files in the report`)
  const outputs = files.flatMap(({ status, output }) => (status === 'done' && output !== null ? [output] : []))
  const found = existsSync(outDir) ? readdirSync(outDir).map((name) => path.join(outDir, name)) : []
  for (const stray of found.filter((file) => !outputs.includes(file))) faults.push(`${stray} is nobody's`)
  for (const missing of outputs.filter((file) => !found.includes(file))) faults.push(`${missing} was never written`)
  return { files, faults, longestGapSec: longestGapMs / 1000, decoderMb }
}
