import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { concat } from '../src/audio/dsp/concat'
import { noiseFloorDb } from '../src/audio/dsp/noiseFloor'
import { openSource } from '../src/audio/io/openSource'
import { projectRoot } from './projectRoot'

/** `npm run demo`: cleans the bundled samples with the real command and prints what changed, every figure measured here. */

interface ReportFile {
  readonly input: string
  readonly output: string
  readonly status: string
  readonly durationSec: number
  readonly sampleRateHz: number
  readonly channels: number
  readonly rtf: number
}

interface Report {
  readonly files: readonly ReportFile[]
  readonly totals: { readonly audioSec: number; readonly wallSec: number; readonly peakRssBytes: number }
}

const outDir = join(projectRoot, 'demo-output')

/** The noise floor in dBFS of a file's first channel. */
async function floorOf(path: string): Promise<number> {
  const source = await openSource(path, { ffmpegPath: null })
  const pieces: Float32Array[] = []
  for (let block = await source.read(65536); block !== null; block = await source.read(65536)) {
    pieces.push(Float32Array.from(block[0]!))
  }
  await source.close()
  return noiseFloorDb(concat(pieces), source.format.sampleRateHz)
}

function denoise(): Report {
  const scratch = mkdtempSync(join(tmpdir(), 'stillwave-demo-'))
  const reportPath = join(scratch, 'report.json')
  const command = [join(projectRoot, 'out/main/headless.js'), join(projectRoot, 'demo'), '--out', outDir]
  const options = ['--on-exists', 'overwrite', '--report', reportPath]
  const run = spawnSync(process.execPath, [...command, ...options], { stdio: 'inherit' })
  if (run.status !== 0) {
    rmSync(scratch, { recursive: true, force: true })
    process.exit(run.status ?? 1)
  }
  const report = JSON.parse(readFileSync(reportPath, 'utf8')) as Report
  rmSync(scratch, { recursive: true, force: true })
  return report
}

async function main(): Promise<void> {
  const report = denoise()
  console.log('\nWhat changed:')
  for (const file of report.files) {
    const [before, after] = [await floorOf(file.input), await floorOf(file.output)]
    const format = `${(file.sampleRateHz / 1000).toString()} kHz, ${file.channels === 1 ? 'mono' : 'stereo'}`
    console.log(`  ${relative(projectRoot, file.output)}  (${file.durationSec.toFixed(1)} s, ${format})`)
    console.log(
      `    noise floor ${before.toFixed(1)} -> ${after.toFixed(1)} dBFS, ${(1 / file.rtf).toFixed(1)} x real time`
    )
  }
  const { audioSec, wallSec, peakRssBytes } = report.totals
  console.log(`  ${audioSec.toFixed(1)} s of audio in ${wallSec.toFixed(1)} s, start of the engine included`)
  console.log(`  peak memory of the engine: ${(peakRssBytes / 1e6).toFixed(0)} MB`)
}

await main()
