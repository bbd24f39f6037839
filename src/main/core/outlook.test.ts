import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isWritten, type Outlook, type OutlookFile } from '../../shared/ipc/outlookViews'
import type { SettingsPatch } from '../../shared/settings/appSettings'
import { ffmpegForTests } from '../../audio/io/testing/fixtures'
import { parseCommand } from '../cli/args'
import { dryRunLines } from '../cli/dryRun'
import { prepareBatch } from '../cli/prepare'
import { outlookCsv } from '../reports/outlookTable'
import { CoreBench, isBuilt } from './core.testkit'

/** Of PCM the list says what is written, but for the head; of what is compressed the most, but for what its encoder reserves for tags. */
const PCM_TOLERANCE = 0.02
const HEAD_BYTES = { '.wav': 1024, '.flac': 10_240 }

const ffmpeg = await ffmpegForTests()

let bench: CoreBench
beforeEach(async () => {
  bench = new CoreBench()
  await bench.open()
})
afterEach(async () => {
  await bench.remove()
})

type Output = NonNullable<NonNullable<SettingsPatch['job']>['output']>

const base = (full: string | null): string | null => (full === null ? null : path.basename(full))
const actsOf = ({ files }: Outlook): string[] =>
  files.map(({ input, output, act }) => `${path.basename(input)}: ${act} ${base(output) ?? ''}`.trim())
const lookNow = (): Promise<Outlook> => bench.core.handlers['queue.outlook']({})

/** Five sources: two that want one name, one whose result is there, one that is no sound, one that goes away. */
async function fill(output: Output): Promise<void> {
  bench.wav('in/a.wav', 0.4)
  bench.wav('in/a.wave', 0.5)
  bench.wav('in/b.wav', 2.5)
  bench.wav('in/gone.wav', 0.3)
  writeFileSync(bench.at('in/none.wav'), 'no audio at all')
  mkdirSync(bench.at('out'))
  for (const name of ['b.wav', 'b.flac']) writeFileSync(bench.at('out', name), 'of an earlier run')
  await bench.core.patchSettings({
    job: { output: { place: 'folder', folder: bench.at('out'), pattern: '{name}', ...output } }
  })
  await bench.add(bench.at('in'))
  await bench.until(() => bench.core.queueState.jobs.every((job) => job.probe !== null))
  rmSync(bench.at('in/gone.wav'))
}

/** Runs the batch, and holds what it wrote against what the list said. */
async function expectItCameTrue({ files, disks }: Outlook): Promise<void> {
  await bench.core.handlers['queue.start']({})
  await bench.until(() => bench.pushes.some(({ topic }) => topic === 'finished'), 60_000)
  const jobs = new Map(bench.core.queueState.jobs.map((job) => [job.id, job]))
  const came = files.map(({ jobId }): Pick<OutlookFile, 'jobId' | 'output'> & { kind: string } => {
    const { status, outputPath } = jobs.get(jobId)!
    return { jobId, kind: status.kind, output: status.kind === 'done' ? status.result.outputPath : outputPath }
  })
  expect(came).toEqual(
    files.map((file) => ({
      jobId: file.jobId,
      kind: isWritten(file) ? 'done' : file.act === 'skipped' ? 'skipped' : 'failed',
      output: file.output ?? jobs.get(file.jobId)!.outputPath!
    }))
  )
  for (const { output, bytes } of files.filter(isWritten)) {
    const real = statSync(output!).size
    const head = output!.endsWith('.flac') ? HEAD_BYTES['.flac'] : HEAD_BYTES['.wav']
    expect(real).toBeLessThanOrEqual(bytes! * (1 + PCM_TOLERANCE) + head)
    if (output!.endsWith('.wav')) expect(real).toBeGreaterThanOrEqual(bytes! * (1 - PCM_TOLERANCE))
  }
  const sum = files.reduce((total, { bytes }) => total + (bytes ?? 0), 0)
  expect(disks.reduce((total, disk) => total + disk.bytes, 0)).toBe(sum)
  expect(disks.every(({ freeBytes }) => freeBytes !== null && freeBytes > 0)).toBe(true)
}

describe.skipIf(!isBuilt())('the list of what a run will do', () => {
  it('is what the run then does, and what the dry run of the command says: what is there is left out', async () => {
    await fill({ onExists: 'skip' })
    const outlook = await lookNow()
    expect(actsOf(outlook)).toEqual([
      'a.wav: new a.wav',
      'a.wave: new a.wave',
      'b.wav: skipped b.wav',
      'gone.wav: cannot',
      'none.wav: cannot'
    ])
    expect(outlook.files.map(({ durationSec }) => durationSec)).toEqual([0.4, 0.5, 2.5, 0.3, null])
    expect(outlook.files[3]?.error?.code).toBe('E_SOURCE_CHANGED')
    expect(outlookCsv(outlook)).toContain('E_SOURCE_CHANGED')
    const command = parseCommand([bench.at('in'), '--out', bench.at('out'), '--dry-run'])
    if (command.kind !== 'denoise') throw new Error(command.kind)
    const batch = await prepareBatch(command.args, new AbortController().signal, { modelId: 'frcrn-lite' })
    const lines = await dryRunLines(batch, { modelId: 'frcrn-lite', batch: 1 })
    const many = { ...batch, files: [], scan: { ...batch.scan, cutShort: true } }
    expect(await dryRunLines(many, { modelId: 'frcrn-lite', batch: 1 })).toContain(
      `only the first ${batch.scan.files.length} files are taken: name its folders one by one for the rest`
    )
    expect(lines.slice(0, 3).map((line) => line.replaceAll(`${bench.root}/`, ''))).toEqual([
      'write: in/a.wav -> out/a.wav',
      'write: in/a.wave -> out/a.wave',
      'skip: in/b.wav (out/b.wav is there)'
    ])
    await expectItCameTrue(outlook)
  })

  it('gives way to names that are taken, also to one that came after the files were added (a list that told the old name)', async () => {
    await fill({ onExists: 'rename', format: 'wav24' })
    writeFileSync(bench.at('out/a.wav'), 'came later')
    const outlook = await lookNow()
    expect(actsOf(outlook)).toEqual([
      'a.wav: renamed a (2).wav',
      'a.wave: new a.wave',
      'b.wav: renamed b (2).wav',
      'gone.wav: cannot',
      'none.wav: cannot'
    ])
    expect(outlook.files.map(({ wanted }) => wanted)).toEqual(['a.wav', null, 'b.wav', null, null])
    await expectItCameTrue(outlook)
  })

  it.skipIf(ffmpeg === null)('tells what is replaced, and the most that FLAC takes', async () => {
    await fill({ onExists: 'overwrite', format: 'flac' })
    const outlook = await lookNow()
    expect(actsOf(outlook).slice(0, 3)).toEqual([
      'a.wav: new a.flac',
      'a.wave: renamed a.wave.flac',
      'b.wav: replaced b.flac'
    ])
    await expectItCameTrue(outlook)
  })

  it('says that nothing can be written where a file stands in the way of the folder, and takes no room for it', async () => {
    const file = bench.wav('in/a.wav', 0.2)
    await bench.core.patchSettings({ job: { output: { place: 'folder', folder: path.join(file, 'out') } } })
    await bench.add(bench.at('in'))
    const { files, disks } = await lookNow()
    expect(files.map(({ act, bytes }) => [act, bytes])).toEqual([['cannot', null]])
    expect(disks).toEqual([])
  })
})
