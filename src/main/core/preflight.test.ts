import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ForecastView, PreflightWarning } from '../../shared/ipc/views'
import type { NewJob, Probe } from '../../shared/jobs/job'
import type { QueueEvent } from '../../shared/jobs/queue'
import { emptyQueue, reduceQueue } from '../../shared/jobs/reduceQueue'
import { DEFAULT_JOB_SETTINGS, type JobSettings } from '../../shared/settings/jobSettings'
import { preflight } from './preflight'
import { settingsKeyOf } from './settingsKey'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'stillwave-preflight-'))
  mkdirSync(path.join(root, 'in'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const settings: JobSettings = {
  ...DEFAULT_JOB_SETTINGS,
  output: { ...DEFAULT_JOB_SETTINGS.output, place: 'folder', folder: '/proc/stillwave', pattern: '{name}' }
}

function job(id: string, sizeBytes: number, folder: string): NewJob {
  return {
    id,
    inputPath: path.join(root, 'in', `${id}.wav`),
    root: path.join(root, 'in'),
    relativePath: `${id}.wav`,
    explicit: false,
    identity: { device: '1', inode: id, sizeBytes, modifiedNs: '1' },
    outputPath: path.join(folder, `${id}.wav`),
    error: null
  }
}

interface Wish {
  readonly folder?: string
  readonly sizeBytes?: number
  readonly probe?: Probe
  readonly forecast?: ForecastView
  readonly budgetMb?: number
}

const FORECAST: ForecastView = {
  ...{ state: 'known', chunkSec: 1, batch: 1, device: 'cpu', reason: 'settings' },
  ...{ ramBytes: 2e9, vramBytes: null, smallestBytes: 3e8, fitsBudget: null }
}

async function warnings({
  folder,
  sizeBytes = 1,
  probe,
  forecast,
  budgetMb
}: Wish): Promise<readonly PreflightWarning[]> {
  const target = folder ?? path.join(root, 'out')
  const used = { ...settings, budgetMb: budgetMb ?? null, output: { ...settings.output, folder: target } }
  const events: QueueEvent[] = [
    { type: 'jobsAdded', jobs: [job('a', sizeBytes, target)], settingsKey: settingsKeyOf(used), settings: used }
  ]
  if (probe) events.push({ type: 'jobsProbed', probes: [{ jobId: 'a', probe }] })
  const state = events.reduce(reduceQueue, emptyQueue('e'))
  const input = {
    state,
    settings: used,
    forecast: forecast ?? null,
    speed: null,
    availableBytes: 1e9,
    homeFolder: root
  }
  return (await preflight(input)).warnings
}

describe('preflight', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await warnings({})).toEqual([])
  })

  it('warns of a folder that cannot be made (every file would fail, one after the other)', async () => {
    expect(await warnings({ folder: '/proc/stillwave/out' })).toEqual([
      { kind: 'outputNotWritable', path: '/proc/stillwave/out', error: expect.objectContaining({}) as object }
    ])
  })

  it('warns of a disk that is too small, by the lengths that are known', async () => {
    const info = { durationSec: 1e9, sampleRateHz: 48_000, channels: 2, bitDepth: 24, format: 'WAV' }
    const [warning] = await warnings({ probe: { ok: true, info } })
    expect(warning).toMatchObject({ kind: 'disk', neededBytes: 1e9 * 48_000 * 6 + 2e9 })
    expect((await warnings({ sizeBytes: 1e18 }))[0]?.kind).toBe('disk')
  })

  it('warns of memory that is not there', async () => {
    const memory = { kind: 'memory', neededBytes: 2e9, availableBytes: 1e9 }
    expect(await warnings({ forecast: FORECAST })).toEqual([memory])
  })

  it('says what the least is where a budget is too small for any shape (the start would be refused, and nobody knew why)', async () => {
    const budget = { kind: 'budget', budgetBytes: 1e8, smallestBytes: 3e8 }
    expect(await warnings({ forecast: { ...FORECAST, fitsBudget: false }, budgetMb: 100 })).toEqual([budget])
  })

  it('shows an example in an empty list, also before a folder is chosen', async () => {
    const input = {
      state: emptyQueue('e'),
      forecast: null,
      speed: null,
      availableBytes: 1,
      homeFolder: '/home/me'
    }
    const output = { ...settings.output, folder: null }
    const { example } = await preflight({ ...input, settings: { ...settings, output } })
    expect(example.output).toBe('/home/me/Clean/interview.wav')
    const beside = await preflight({ ...input, settings: DEFAULT_JOB_SETTINGS })
    expect(beside.example.output).toBe('/home/me/Recordings/Monday/interview.clean.wav')
  })
})
