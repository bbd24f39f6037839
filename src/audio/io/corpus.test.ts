import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import { openSource } from './openSource'
import { ffmpegForTests, sharedFolder } from './testing/fixtures'

interface Entry {
  readonly file: string
  readonly expect: 'ok' | 'partial' | 'short' | 'reject' | 'either'
  readonly sha256: string
}

interface MatrixEntry {
  readonly file: string
  readonly ff7: { readonly samples16k: number }
}

interface Result {
  /** `done`, or the code of the error. */
  readonly code: string
  readonly durationSec: number
  readonly warnings: readonly string[]
}

const REFUSALS = ['E_NO_AUDIO', 'E_UNSUPPORTED', 'E_CORRUPT', 'E_EMPTY', 'E_TRUNCATED', 'E_TOO_SHORT', 'E_MEMORY']
const MAX_RSS_GROWTH_BYTES = 50e6

const corpus = sharedFolder('audio-corpus')
const ffmpegPath = await ffmpegForTests()

function read(name: string): unknown {
  return corpus === null ? [] : JSON.parse(readFileSync(join(corpus, name), 'utf8'))
}

const entries = read('manifest.json') as Entry[]
const lengths = new Map((read('matrix.json') as MatrixEntry[]).map((one) => [one.file, one.ff7.samples16k / 16_000]))

async function decode(path: string): Promise<Result> {
  let frames = 0
  try {
    const source = await openSource(path, { ffmpegPath })
    try {
      for (let block = await source.read(65_536); block !== null; block = await source.read(65_536)) {
        frames += block[0]!.length
      }
    } finally {
      await source.close()
    }
    return { code: 'done', durationSec: frames / source.format.sampleRateHz, warnings: [...source.warnings] }
  } catch (thrown) {
    if (thrown instanceof AppError) return { code: thrown.code, durationSec: 0, warnings: [] }
    throw thrown
  }
}

function check(entry: Entry, result: Result): void {
  const isDone = result.code === 'done'
  if (!isDone) expect(REFUSALS).toContain(result.code)
  if (entry.expect === 'reject') {
    expect(['E_NO_AUDIO', 'E_UNSUPPORTED', 'E_CORRUPT', 'E_EMPTY']).toContain(result.code)
  } else if (entry.expect === 'short') {
    expect(['done', 'E_TOO_SHORT']).toContain(result.code)
  } else if (entry.expect === 'ok') {
    const wantedSec = lengths.get(entry.file)!
    expect(result.code).toBe('done')
    expect(Math.abs(result.durationSec - wantedSec)).toBeLessThanOrEqual(Math.max(0.02, wantedSec / 100))
  } else if (entry.expect === 'partial') {
    expect(isDone ? result.warnings : result.code).toEqual(isDone ? ['W_TRUNCATED'] : 'E_TRUNCATED')
  }
}

// Catches: every file of the corpus once broke some decoder (crash, hang, allocation by header, silent loss, 0 samples with exit 0).
describe.skipIf(corpus === null || ffmpegPath === null)('the corpus of odd and broken files', () => {
  it.each(entries)('$expect: $file', async (entry) => {
    const path = join(corpus!, entry.file)
    const startedRss = process.memoryUsage().rss
    const startedMs = performance.now()
    const result = await decode(path)
    expect(performance.now() - startedMs).toBeLessThan(30_000)
    expect(process.memoryUsage().rss - startedRss).toBeLessThan(MAX_RSS_GROWTH_BYTES)
    check(entry, result)
    // The source is as it was.
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(entry.sha256)
  })

  it('the same file gives the same answer every time', async () => {
    for (const { file } of entries
      .filter((entry) => entry.expect === 'either' && !entry.file.includes('bomb'))
      .slice(0, 6)) {
      const path = join(corpus!, file)
      expect(await decode(path)).toEqual(await decode(path))
    }
  })
})
