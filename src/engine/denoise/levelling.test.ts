import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpegForTests } from '../../audio/io/testing/fixtures'
import type { FileJob, LevelWish } from '../protocol'
import type { Engine } from '../serve'
import { loadEngine } from './engine'
import { jobFor, settingsFor, transparentWeights, unhurried, voice, writeSmallModel, writeWav } from './engine.testkit'
import { chooseGain, ofWhole } from './levelling'
import type { DenoiseResult } from './pipeline'

const RATE_HZ = 48_000
const FRAMES = 1.5 * RATE_HZ + 123
const ffmpegPath = await ffmpegForTests()

describe('chooseGain', () => {
  const measured = { sourceLufs: -20, resultLufs: -26, resultTruePeakDb: -5 }
  it.each<[LevelWish, number, boolean]>([
    [{ loudness: 'match', targetLufs: -16, truePeakDb: null }, 6, false],
    [{ loudness: 'match', targetLufs: -16, truePeakDb: -1 }, 4, true],
    [{ loudness: 'target', targetLufs: -30, truePeakDb: -1 }, -4, false],
    [{ loudness: 'restore', targetLufs: -30, truePeakDb: -9 }, -4, true],
    [{ loudness: 'restore', targetLufs: -30, truePeakDb: -1 }, 0, false]
  ])('%j gives %f dB (a ceiling that raised, or was passed over in silence)', (wish, gainDb, isHeldDown) => {
    expect(chooseGain(wish, measured)).toEqual({ gainDb, isHeldDown })
  })

  it('does not raise what has no loudness (silence times infinity)', () => {
    const silent = { sourceLufs: null, resultLufs: null, resultTruePeakDb: -Infinity }
    expect(chooseGain({ loudness: 'target', targetLufs: -16, truePeakDb: -1 }, silent).gainDb).toBe(0)
  })
})

describe('a part that gets the gain of its whole file', () => {
  const part = { sourceLufs: -30, resultLufs: -32, resultTruePeakDb: -20 }
  const wish = { loudness: 'target', targetLufs: -16, truePeakDb: null } as const
  const gainOf = (changes: Partial<LevelWish>, of = part): number => {
    const asked = { ...wish, ...changes }
    return chooseGain(asked, ofWhole(asked, of, -18)).gainDb
  }

  it('is not raised to the target by itself (a pause as loud as speech)', () => {
    expect(gainOf({})).toBe(16)
    expect(gainOf({ wholeAbove: { lu: 8, peakDb: 0 } })).toBe(8)
    // A pause: what the model takes from it says nothing of what it takes from speech.
    expect(gainOf({ wholeAbove: { lu: 12, peakDb: 0 } }, { ...part, resultLufs: -60 })).toBe(2)
  })

  it('stays under the ceiling that the highest peak of the whole stays under', () => {
    expect(gainOf({ loudness: 'restore', truePeakDb: -6 })).toBe(0)
    expect(gainOf({ loudness: 'restore', truePeakDb: -6, wholeAbove: { lu: 8, peakDb: 15 } })).toBe(-3)
  })
})

describe('loudness of results', () => {
  let folder = ''
  let engine: Engine
  let inputPath = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stillwave-level-'))
    engine = await loadEngine(settingsFor(await writeSmallModel(folder, transparentWeights()), { ffmpegPath }))
    inputPath = join(folder, 'in.wav')
    const frames = FRAMES
    await writeWav(inputPath, RATE_HZ, [voice(frames, RATE_HZ, 1), voice(frames, RATE_HZ, 2)])
  })
  afterAll(async () => {
    await engine.release()
    await rm(folder, { recursive: true, force: true })
  })

  function clean(jobId: string, changes: Partial<FileJob>): Promise<DenoiseResult> {
    return engine.denoise({ ...jobFor(inputPath, jobId), ...changes }, unhurried())
  }

  it('restore writes what it wrote before there was a choice, byte for byte', async () => {
    const before = await clean('plain', {})
    const after = await clean('restore', { level: { loudness: 'restore', targetLufs: -16, truePeakDb: null } })
    expect(after.sha256).toBe(before.sha256)
  })

  it('leaves no intermediate behind where it is cancelled', async () => {
    const level: LevelWish = { loudness: 'target', targetLufs: -23, truePeakDb: -1 }
    const abort = new AbortController()
    const checkpoint = (): Promise<void> => {
      abort.abort()
      return Promise.reject(new Error('cancelled'))
    }
    const hooks = { ...unhurried(), signal: abort.signal, checkpoint }
    await expect(engine.denoise({ ...jobFor(inputPath, 'gone'), level }, hooks)).rejects.toThrow()
    const left = (await readdir(folder)).filter((name) => name.includes('level') || name.includes('gone'))
    expect(left).toEqual([])
  })

  it('says so where it clips for want of a ceiling', async () => {
    const peaky = voice(20_000, 16_000).map((value, n) => (n % 8000 < 40 ? 0.9 * Math.sin(n) : value * 0.2))
    const path = join(folder, 'peaky.wav')
    await writeWav(path, 16_000, [peaky])
    const level: LevelWish = { loudness: 'target', targetLufs: -5, truePeakDb: null }
    const { warnings } = await engine.denoise({ ...jobFor(path), level }, unhurried())
    expect(warnings).toEqual(['W_CLIPPED'])
  })

  describe.skipIf(ffmpegPath === null)('by ffmpeg as a second meter', () => {
    it.each([-16, -23])('comes to %f LUFS within 0.1', async (targetLufs) => {
      const job = { level: { loudness: 'target', targetLufs, truePeakDb: -1 } } as const
      const { warnings, sound } = await clean(`to${targetLufs}`, job)
      const meter = await ebur128(jobFor(inputPath, `to${targetLufs}`).partPath)
      expect(warnings).toEqual([])
      expect(Math.abs(meter.lufs - targetLufs)).toBeLessThanOrEqual(0.1)
      expect(sound.after.peakDb).toBeLessThanOrEqual(meter.truePeakDb + 0.15)
    })

    it('matches the source within 0.1', async () => {
      const { frames } = await clean('match', { level: { loudness: 'match', targetLufs: -16, truePeakDb: -1 } })
      expect(frames).toBe(FRAMES)
      const [source, result] = [await ebur128(inputPath), await ebur128(jobFor(inputPath, 'match').partPath)]
      expect(Math.abs(source.lufs - result.lufs)).toBeLessThanOrEqual(0.1)
    })

    it('stays under the ceiling within 0.2 dBTP, clips nothing and says that it is quieter', async () => {
      const { warnings } = await clean('ceiling', { level: { loudness: 'target', targetLufs: -5, truePeakDb: -3 } })
      const meter = await ebur128(jobFor(inputPath, 'ceiling').partPath)
      expect(Math.abs(meter.truePeakDb + 3)).toBeLessThanOrEqual(0.2)
      expect(warnings).toEqual(['W_QUIETER'])
    })

    it('applies the gain before a lossy encoder', async () => {
      const output = { format: 'mp3', quality: 'high' } as const
      await clean('lossy', { output, level: { loudness: 'target', targetLufs: -23, truePeakDb: -1 } })
      const { lufs } = await ebur128(jobFor(inputPath, 'lossy').partPath)
      expect(Math.abs(lufs + 23)).toBeLessThanOrEqual(0.3)
    })
  })
})

/** ffmpeg tells whole tenths. */
async function ebur128(path: string): Promise<{ lufs: number; truePeakDb: number }> {
  const args = ['-nostdin', '-hide_banner', '-i', path, '-filter_complex', 'ebur128=peak=true', '-f', 'null', '-']
  const { stderr } = await promisify(execFile)(ffmpegPath!, args, { maxBuffer: 1e8 })
  const summary = stderr.slice(stderr.lastIndexOf('Summary:'))
  return {
    lufs: Number(/I:\s+(-?[\d.]+) LUFS/u.exec(summary)![1]),
    truePeakDb: Number(/Peak:\s+(-?[\d.]+) dBFS/u.exec(summary)![1])
  }
}
