import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EngineSettings } from '../../engine/protocol'
import { fakeSettings } from '../processes/fakeEngine.testkit'
import { MemoryBook } from './memoryBook'
import { MemoryPlanner } from './memoryPlanner'
import { oomKillsIn } from './oomKills'

let folder: string
let kills: number | null = 7
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-planner-'))
  kills = 7
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const settings: EngineSettings = {
  ...fakeSettings(),
  model: { onePassPath: 'm.onnx', statefulPath: null, onePassSha256: 'a'.repeat(64), statefulSha256: null },
  chunkSec: 1
}

/** Memory runs out with a second, and what comes after it goes well: the chunk of the next batch. */
async function nextChunkSec(shortage: {
  readonly isSaid: boolean
  readonly killsSeen: number | null
}): Promise<number> {
  const planner = new MemoryPlanner({
    book: await MemoryBook.open({ folder, program: '1.0', log: () => undefined }),
    openEngine: () => {
      throw new Error('nothing is to be measured')
    },
    scratchFolder: folder,
    availableBytes: () => 1e9,
    readGpu: () => Promise.reject(new Error('no device')),
    isBusy: () => false,
    onMeasured: () => undefined,
    log: () => undefined,
    oomKills: () => kills
  })
  const question = { settings, budgetMb: null, modelChunkSec: 1, bundled: null }
  kills = shortage.killsSeen
  expect(await planner.retreat(settings, shortage.isSaid)).toBe('smaller')
  const smaller = await planner.plan(question)
  expect(smaller).toMatchObject({ settings: { chunkSec: 0.5 }, reason: 'memory' })
  await planner.succeeded(smaller.settings)
  return (await planner.plan(question)).settings.chunkSec
}

describe('the size that went well after a shortage', () => {
  it('is remembered where memory ran out in words, or the kernel counted a kill', async () => {
    expect(await nextChunkSec({ isSaid: true, killsSeen: 7 })).toBe(0.5)
    rmSync(folder, { recursive: true })
    expect(await nextChunkSec({ isSaid: false, killsSeen: 8 })).toBe(0.5)
  })

  it('is not where the engine was only killed: a person may have done it (small chunks for two weeks)', async () => {
    expect(await nextChunkSec({ isSaid: false, killsSeen: 7 })).toBe(1)
    expect(await nextChunkSec({ isSaid: false, killsSeen: null })).toBe(1)
  })

  it('reads the kernel’s count', () => {
    expect(oomKillsIn('pgfault 3\noom_kill 12\nnuma_hit 4\n')).toBe(12)
    expect(oomKillsIn('pgfault 3\n')).toBe(null)
  })
})
