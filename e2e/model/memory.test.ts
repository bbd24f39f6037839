import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeLoopedWav } from '../../scripts/bench/material'
import { runStillwave, type ModelFiles } from '../../scripts/bench/runs'
import { RATE_HZ } from '../../scripts/readAt16k'
import { convertStateDict } from '../../src/engine/model/convert'
import { isLongForm } from '../longForm'
import { formulaStateDict } from '../../src/engine/model/formulaWeights'

/** Memory promises in short form; `npm run bench` has the long one (10 minutes against 2 hours, full size over 5 minutes). */
const MB = 1e6
const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-memory-'))
const outDir = path.join(folder, 'out')
mkdirSync(outDir)

async function network(channels: number, cascade: 1 | 2): Promise<ModelFiles> {
  const onePassPath = path.join(folder, `w${channels}.onnx`)
  const { statefulPath } = await convertStateDict(formulaStateDict({ channels, cascade }), onePassPath)
  return { onePassPath, statefulPath, chunkSec: 0.5 }
}

/** Ten seconds of a wavering voice-like tone in noise, from a generator with a fixed seed. */
function signal(): Float32Array {
  let state = 7
  return Float32Array.from({ length: 10 * RATE_HZ }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return 0.2 * Math.sin(i / 20) * Math.sin(i / 3000) + 0.02 * (state / 2 ** 31 - 1)
  })
}

async function wav(name: string, seconds: number): Promise<string> {
  const file = path.join(folder, name)
  await writeLoopedWav(file, signal(), { seconds })
  return file
}

describe('memory of the engine', () => {
  let small: ModelFiles

  beforeAll(async () => {
    small = await network(4, 1)
  })

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('does not follow the length of the file: 8 (40) minutes need at most 1.1 times what 1 (3) minutes need', async () => {
    const [shortSec, longSec] = isLongForm ? [180, 2400] : [60, 480]
    const [short] = await runStillwave(small, [await wav('short.wav', shortSec)], outDir)
    const [long] = await runStillwave(small, [await wav('long.wav', longSec)], outDir)
    console.info(`peak ${(short!.peakRssBytes / MB).toFixed(0)} MB, then ${(long!.peakRssBytes / MB).toFixed(0)} MB`)
    expect(long!.peakRssBytes / short!.peakRssBytes).toBeLessThanOrEqual(1.1)
  }, 300_000)

  it('does not follow the number of files: at most 6 (10) MB more after 60 (100) short files than after ten', async () => {
    const wavs: string[] = []
    const [count, mostMb] = isLongForm ? [100, 10] : [60, 6]
    for (let i = 0; i < count; i++) wavs.push(await wav(`file-${i}.wav`, 0.5 + ((i * 7) % 10) / 5))
    const costs = await runStillwave(small, wavs, outDir)
    const grownMb = (costs[count - 1]!.rssBytes - costs[9]!.rssBytes) / MB
    console.info(`grown by ${grownMb.toFixed(1)} MB over files 11 to ${count}`)
    expect(grownMb).toBeLessThanOrEqual(mostMb)
  }, 300_000)

  it('stays under 500 MB with the full-size network (catches weights held twice, or a plan made for one pass)', async () => {
    const full = await network(128, 2)
    const [cost] = await runStillwave(full, [await wav('full.wav', 3)], outDir, { threads: 2 })
    console.info(`peak ${(cost!.peakRssBytes / MB).toFixed(0)} MB`)
    expect(cost!.peakRssBytes).toBeLessThanOrEqual(500 * MB)
  }, 300_000)
})
