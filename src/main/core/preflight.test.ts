import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ForecastView, PreflightWarning } from '../../shared/ipc/views'
import type { NewJob, Probe } from '../../shared/jobs/job'
import type { QueueEvent } from '../../shared/jobs/queue'
import { emptyQueue, reduceQueue } from '../../shared/jobs/reduceQueue'
import type { VideoWay } from '../../shared/settings/choices'
import { DEFAULT_JOB_SETTINGS, type JobSettings } from '../../shared/settings/jobSettings'
import { plannedExtension } from '../jobs/audioNames'
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

interface Kind {
  readonly extension?: string | undefined
  readonly video?: VideoWay | undefined
}

function job(id: string, sizeBytes: number, folder: string, kind: Kind = {}): NewJob {
  const { extension = '.wav', video } = kind
  return {
    id,
    inputPath: path.join(root, 'in', `${id}${extension}`),
    root: path.join(root, 'in'),
    relativePath: `${id}${extension}`,
    explicit: false,
    identity: { device: '1', inode: id, sizeBytes, modifiedNs: '1' },
    outputPath: path.join(folder, `${id}${plannedExtension(extension, 'source', video)}`),
    error: null
  }
}

interface Wish {
  readonly folder?: string
  readonly sizeBytes?: number
  readonly probe?: Probe
  readonly forecast?: ForecastView
  readonly budgetMb?: number
  readonly extension?: string
  readonly output?: Partial<JobSettings['output']>
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
  budgetMb,
  extension,
  output
}: Wish): Promise<readonly PreflightWarning[]> {
  const target = folder ?? path.join(root, 'out')
  const used = { ...settings, budgetMb: budgetMb ?? null, output: { ...settings.output, folder: target, ...output } }
  const events: QueueEvent[] = [
    {
      type: 'jobsAdded',
      jobs: [job('a', sizeBytes, target, { extension, video: output?.video })],
      settingsKey: settingsKeyOf(used),
      settings: used
    }
  ]
  if (probe) events.push({ type: 'jobsProbed', probes: [{ jobId: 'a', probe }] })
  const state = events.reduce(reduceQueue, emptyQueue('e'))
  const input = {
    state,
    settings: used,
    forecast: forecast ?? null,
    speed: null,
    availableBytes: 1e9,
    hasFfmpeg: true,
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

  it('counts a compressed result as such (an MP3 of a long recording needs a small part of a WAV)', async () => {
    const info = { durationSec: 1e10, sampleRateHz: 48_000, channels: 2, bitDepth: 24, format: 'WAV' }
    const needs = async (output: Partial<JobSettings['output']>): Promise<number> => {
      const warning = (await warnings({ probe: { ok: true, info }, output })).find(({ kind }) => kind === 'disk')
      return warning?.kind === 'disk' ? warning.neededBytes - 2e9 : 0
    }
    expect(await needs({ format: 'wav16' })).toBe(1e10 * 48_000 * 4)
    expect(await needs({ format: 'mp3' })).toBe(1e10 * 24_000)
    // A result whose loudness is chosen waits as float32 beside the file.
    expect(await needs({ format: 'mp3', loudness: 'target' })).toBe(1e10 * (24_000 + 48_000 * 8))
    expect(await needs({ format: 'mp3', quality: 'high' })).toBeGreaterThan(1e10 * 24_000)
  })

  it.each([
    ['.wma', { kind: 'formatChanges', count: 1, becomes: 'm4a' }],
    ['.amr', { kind: 'formatChanges', count: 1, becomes: 'm4a' }],
    ['.mpg', { kind: 'formatChanges', count: 1, becomes: 'mkv' }],
    ['.mp4', { kind: 'soundOnly', count: 1 }, { video: 'sound' as const }]
  ])('says before the start that %s comes out as something else (found out after a night)', async (...row) => {
    const [extension, said, output = {}] = row
    expect(await warnings({ extension, output })).toEqual([
      { ...said, example: path.join(root, 'in', `a${extension}`) }
    ])
    expect(await warnings({ extension, output: { format: 'flac' } })).not.toContainEqual(expect.objectContaining(said))
  })

  it('says nothing of files that keep their format', async () => {
    for (const extension of ['.flac', '.MP3', '.m4a', '.ogg', '.mp4', '.MKV', '.webm'])
      expect(await warnings({ extension })).toEqual([])
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
      hasFfmpeg: true,
      homeFolder: '/home/me'
    }
    const output = { ...settings.output, folder: null }
    const { example } = await preflight({ ...input, settings: { ...settings, output } })
    expect(example.output).toBe('/home/me/Clean/interview.wav')
    const asFlac = { ...settings, output: { ...output, format: 'flac' as const } }
    const endings = [true, false].map(
      async (hasFfmpeg) => (await preflight({ ...input, hasFfmpeg, settings: asFlac })).example.output
    )
    expect(await Promise.all(endings)).toEqual(['/home/me/Clean/interview.flac', '/home/me/Clean/interview.wav'])
    const beside = await preflight({ ...input, settings: DEFAULT_JOB_SETTINGS })
    expect(beside.example.output).toBe('/home/me/Recordings/Monday/interview.clean.wav')
  })
})
