import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import type { FileJob } from '../protocol'
import type { Engine } from '../serve'
import { loadEngine } from './engine'
import { jobFor, settingsFor, unhurried, voice, writeSmallModel, writeWav } from './engine.testkit'
import type { DenoiseResult } from './pipeline'

let folder = ''
let engine: Engine

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-kept-'))
  engine = await loadEngine(settingsFor(await writeSmallModel(folder)))
})
afterAll(async () => {
  await engine.release()
  await rm(folder, { recursive: true, force: true })
})

let runs = 0
async function run(inputPath: string, changes: Partial<FileJob>): Promise<DenoiseResult> {
  const job = { ...jobFor(inputPath, `job${runs++}`), ...changes }
  return engine.denoise(job, unhurried())
}

interface Recording {
  readonly name: string
  readonly rate: number
  readonly channels: number
  readonly changes: Partial<FileJob>
}
const RECORDINGS: readonly Recording[] = [
  { name: 'mono at the model’s rate', rate: 16_000, channels: 1, changes: {} },
  { name: 'linked stereo with its air', rate: 48_000, channels: 2, changes: { channels: 'linked' } },
  { name: 'stereo without what lies above', rate: 44_100, channels: 2, changes: { above8k: 'remove' } },
  { name: 'telephone', rate: 8000, channels: 1, changes: {} }
]

async function record({ rate, channels }: Pick<Recording, 'rate' | 'channels'>): Promise<string> {
  const path = join(folder, `in${runs++}.wav`)
  const voices = Array.from({ length: channels }, (_, n) => voice(Math.round(rate * 1.7), rate, 5 * n + 1))
  await writeWav(path, rate, voices)
  return path
}

describe('what the model gave is kept', () => {
  it.each(RECORDINGS)(
    'and another strength and floor come out to the bit as with the model, without a run of it: $name',
    async ({ name, changes, ...shape }) => {
      const input = await record(shape)
      const keptPath = join(folder, 'kept', name)
      const first = await run(input, { ...changes, keptPath })
      expect(first).toMatchObject({ isFromKept: false, sha256: (await run(input, changes)).sha256 })
      const softer = await run(input, { ...changes, residualGain: 0.3 })
      const before = engine.facts.runs
      const again = await run(input, { ...changes, residualGain: 0.3, keptPath })
      expect(again).toMatchObject({ isFromKept: true, modelSec: 0, sha256: softer.sha256, frames: softer.frames })
      expect((await run(input, { ...changes, keptPath })).sha256).toBe(first.sha256)
      expect(engine.facts.runs).toBe(before)
      expect(softer.sha256).not.toBe(first.sha256)
    }
  )

  it('and where its bytes were spoiled the model runs again (what was spoiled was heard)', async () => {
    const input = await record({ rate: 16_000, channels: 1 })
    const keptPath = join(folder, 'spoiled')
    const first = await run(input, { keptPath })
    const bytes = await readFile(keptPath)
    const quiet = vi.spyOn(console, 'error').mockReturnValue(undefined)
    for (const damage of [
      bytes.subarray(0, bytes.length - 4),
      flipped(bytes, bytes.length - 900),
      flipped(bytes, 26)
    ]) {
      await writeFile(keptPath, damage)
      expect(await run(input, { keptPath })).toMatchObject({ isFromKept: false, sha256: first.sha256 })
      expect(await run(input, { keptPath })).toMatchObject({ isFromKept: true, sha256: first.sha256 })
    }
    quiet.mockRestore()
  })

  it('and of a file that was given up nothing stays', async () => {
    const input = await record({ rate: 16_000, channels: 1 })
    const keptPath = join(folder, 'given-up/one')
    let steps = 0
    const checkpoint = (): Promise<void> =>
      ++steps > 6 ? Promise.reject(new AppError('E_CANCELLED')) : Promise.resolve()
    const job = { ...jobFor(input, 'given-up'), keptPath }
    await expect(engine.denoise(job, { ...unhurried(), checkpoint })).rejects.toMatchObject({ code: 'E_CANCELLED' })
    expect(await readdir(join(folder, 'given-up'))).toEqual([])
  })

  it('and where nothing can be kept the file is done all the same', async () => {
    const input = await record({ rate: 16_000, channels: 1 })
    const quiet = vi.spyOn(console, 'error').mockReturnValue(undefined)
    const done = await run(input, { keptPath: join(input, 'under a file') })
    expect(done).toMatchObject({ isFromKept: false, sha256: (await run(input, {})).sha256 })
    expect(quiet).toHaveBeenCalled()
    quiet.mockRestore()
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at]! ^= 0x10
  return copy
}
