import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { plainWav } from '../src/shared/wav/plainWav'
import { scoreDirs } from './scoreDirs'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stillwave-score-'))
  mkdirSync(join(root, 'clean'))
  mkdirSync(join(root, 'enhanced'))
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

/** A mono or stereo 16-bit WAV of `seconds` of bursts of tone, `gain` of it, plus a little of another tone. */
function writeWav(path: string, options: { rate?: number; seconds?: number; channels?: number; other?: number }): void {
  const { rate = 16000, seconds = 1, channels = 1, other = 0 } = options
  const wav = plainWav({ sampleRateHz: rate, channels, frames: Math.round(rate * seconds) }, (frame) => {
    const t = frame / rate
    const wanted = Math.sin(2 * Math.PI * 500 * t) * (0.2 + Math.sin(2 * Math.PI * 4 * t) ** 2)
    return 8000 * (wanted + other * Math.sin(2 * Math.PI * 1730 * t))
  })
  writeFileSync(path, wav)
}

const clean = (name: string): string => join(root, 'clean', name)
const enhanced = (name: string): string => join(root, 'enhanced', name)
const score = (): ReturnType<typeof scoreDirs> => scoreDirs(join(root, 'clean'), join(root, 'enhanced'))

describe('scoreDirs', () => {
  it('pairs by name and by NAME.clean, at any rate, and averages (files scored against the wrong partner)', async () => {
    writeWav(clean('a.wav'), {})
    writeWav(enhanced('a.wav'), { other: 0.1 })
    writeWav(clean('b.wav'), { seconds: 1.2 })
    writeWav(enhanced('b.clean.wav'), { seconds: 1.2, rate: 48000, other: 0.01 })
    const { files, mean } = await score()
    expect(files.map((file) => file.name)).toEqual(['a.wav', 'b.wav'])
    expect(files[0]!.siSdrDb).toBeGreaterThan(14)
    expect(files[0]!.siSdrDb).toBeLessThan(20)
    expect(files[1]!.siSdrDb - files[0]!.siSdrDb).toBeCloseTo(20, 0)
    expect(mean.siSdrDb).toBeCloseTo((files[0]!.siSdrDb + files[1]!.siSdrDb) / 2, 9)
    expect(mean.stoi).toBeGreaterThan(0.3)
  })

  it('names the file whose length differs (a score of shifted speech)', async () => {
    writeWav(clean('long.wav'), {})
    writeWav(enhanced('long.wav'), { seconds: 1.001 })
    await expect(score()).rejects.toThrow(/long\.wav/)
  })

  it('says what is missing, and that stereo is not scored', async () => {
    await expect(score()).rejects.toMatchObject({ code: 'E_EMPTY' })
    writeWav(clean('alone.wav'), {})
    await expect(score()).rejects.toThrow(/alone\.wav/)
    writeWav(enhanced('alone.wav'), { channels: 2 })
    await expect(score()).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
  })
})
