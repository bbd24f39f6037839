import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FileReport, RunReport as Report } from '../../src/main/reports/runReport'
import { runCommand, sha256, Workshop } from './command.testkit'

const CORPUS = path.resolve(import.meta.dirname, '../../../shared/audio-corpus')
const present = existsSync(path.join(CORPUS, 'manifest.json'))
if (!present) console.info('skipped: the audio corpus (../shared/audio-corpus) is not here')

interface Entry {
  readonly file: string
  readonly sha256: string
  readonly expect: 'ok' | 'partial' | 'short' | 'reject' | 'either'
}
interface Measured {
  readonly file: string
  readonly ff7: { readonly samples16k: number }
}

const readJson = (name: string): unknown => JSON.parse(readFileSync(path.join(CORPUS, name), 'utf8'))
const REFUSALS = ['E_NO_AUDIO', 'E_UNSUPPORTED', 'E_CORRUPT', 'E_EMPTY', 'E_TRUNCATED', 'E_TOO_SHORT']
/** Plain CBR MP3 and Opus say nothing of their length (RELIABILITY finding 2): a cut one is not told from a short one. */
const SAYS_NOTHING = new Set(['derived/trunc50-cbr.mp3', 'derived/trunc70.opus'])

describe.skipIf(!present)('every file of the audio corpus, in one batch (R33)', () => {
  let shop: Workshop
  let report: Report
  let entries: readonly Entry[]

  beforeAll(async () => {
    shop = await Workshop.open()
    entries = readJson('manifest.json') as Entry[]
    const files = entries.map((entry) => path.join(CORPUS, entry.file))
    const args = [...files, '--out', shop.at('out'), '--model', shop.model, '--report', shop.at('report.json')]
    const outcome = await runCommand([...args, '--chunk-seconds', '4'])
    expect(outcome.code, outcome.stderr).toBe(1)
    report = shop.report()
  }, 600_000)

  afterAll(() => {
    shop.close()
  })

  const resultOf = (entry: Entry): FileReport => {
    const found = report.files.find((file) => file.input === path.join(CORPUS, entry.file))
    if (!found) throw new Error(`${entry.file} is missing from the report`)
    return found
  }
  const labelled = (test: (entry: Entry) => unknown): string[] =>
    entries.filter((entry) => test(entry) === false).map((entry) => `${entry.file}: ${JSON.stringify(resultOf(entry))}`)

  it('ends each with an output or a typed refusal; E_INTERNAL and crashes are bugs', () => {
    expect(report.files).toHaveLength(entries.length)
    expect(
      labelled((entry) => {
        const { status, error } = resultOf(entry)
        return status === 'done' || (status === 'failed' && error !== null && REFUSALS.includes(error.code))
      })
    ).toEqual([])
  })

  it('writes what is sound, at its right length', () => {
    const samples = new Map((readJson('matrix.json') as Measured[]).map((row) => [row.file, row.ff7.samples16k]))
    expect(
      labelled((entry) => {
        const { status, durationSec } = resultOf(entry)
        if (entry.expect !== 'ok') return true
        const wantedSec = samples.get(entry.file)! / 16_000
        return status === 'done' && Math.abs(durationSec! - wantedSec) <= Math.max(0.02, wantedSec * 0.01)
      })
    ).toEqual([])
  })

  it('never calls a cut file simply done', () => {
    expect(
      labelled((entry) => {
        if (entry.expect !== 'partial' || SAYS_NOTHING.has(entry.file)) return true
        const { status, warnings, error } = resultOf(entry)
        return status === 'done' ? warnings.includes('W_TRUNCATED') : error?.code === 'E_TRUNCATED'
      })
    ).toEqual([])
  })

  it('refuses what holds no sound', () => {
    expect(labelled((entry) => entry.expect !== 'reject' || resultOf(entry).status === 'failed')).toEqual([])
  })

  it('writes files that hold something, one for each done, and leaves no part', () => {
    const done = report.files.filter((file) => file.status === 'done')
    expect(shop.files('out')).toHaveLength(done.length)
    expect(done.filter((file) => statSync(file.output!).size <= 44)).toEqual([])
    expect(shop.files('out').filter((name) => name.endsWith('.part'))).toEqual([])
  })

  // An hour of silence in eight channels is a megabyte of FLAC and 11 GB of samples, which are encoded again. A sanity bound: alone it
  // takes half of it; five minutes were seen while ffmpeg slept between small packets.
  it('takes no longer than 90 s over any file', () => {
    expect(labelled((entry) => (resultOf(entry).processingSec ?? 0) <= 90)).toEqual([])
  })

  it('leaves every source as it was', () => {
    expect(labelled((entry) => sha256(path.join(CORPUS, entry.file)) === entry.sha256)).toEqual([])
  })
})
