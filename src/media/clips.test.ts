import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createSink } from '../audio/io/pcmSink'
import { decodeFile, ffmpegForTests, seededRandom, temporaryFolder } from '../audio/io/testing/fixtures'
import type { SinkFormat } from '../audio/io/types'
import { MediaChild, mediaIsBuilt } from './mediaChild.testkit'

/** Clips, over the built media process. */
const isBuilt = mediaIsBuilt()
const ffmpeg = await ffmpegForTests()
const root = await temporaryFolder()
const children: MediaChild[] = []
let opened = 0

afterEach(async () => {
  for (const child of children.splice(0)) await child.end()
})
function started(): MediaChild {
  const child = new MediaChild()
  children.push(child)
  return child
}

async function wav(name: string, planar: readonly Float32Array[], format: Partial<SinkFormat> = {}): Promise<string> {
  const path = join(root, name)
  const sink = await createSink(path, {
    container: 'wav',
    sampleFormat: 'f32',
    validBits: 32,
    sampleRateHz: 16_000,
    channels: planar.length,
    channelMask: 0,
    ...format
  })
  await sink.write(planar)
  await sink.finish()
  return path
}

function noise(frames: number, seed = 1): Float32Array {
  const random = seededRandom(seed)
  return new Float32Array(frames).map(() => (random() - 0.5) * 0.5)
}

interface Opening {
  readonly originalTrack?: number
  readonly cleanPath?: string
  readonly window?: { startFrame: number; frames: number }
  readonly cacheFolder?: string
}

async function open(child: MediaChild, originalPath: string, how: Opening = {}) {
  const clipId = ++opened
  const { originalTrack = null, cleanPath = null, window = null, cacheFolder = join(root, 'cache') } = how
  const { result } = await child.ask({
    type: 'openClip',
    clipId,
    ...{ originalPath, originalTrack, cleanPath, cleanTrack: null },
    window,
    cacheFolder,
    cacheLimitBytes: 1e9
  })
  return { clipId, result }
}

async function facts(child: MediaChild, originalPath: string, how: Opening = {}) {
  const { clipId, result } = await open(child, originalPath, how)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return { clipId, ...result.value }
}

async function floats(child: MediaChild, clipId: number, startFrame: number, frames: number): Promise<Float32Array> {
  const { result } = await child.ask({ type: 'readClip', clipId, startFrame, frames })
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return new Float32Array(result.value.slice().buffer)
}

describe.skipIf(!isBuilt)('clips of PCM', () => {
  it('are a WAV that our own reader reads back sample for sample, the clean channels after the original ones', async () => {
    const [left, right, clean] = [noise(5000, 1), noise(5000, 2), noise(5000, 3)]
    const child = started()
    const { clipId, header, frames } = await facts(child, await wav('pair-a.wav', [left, right]), {
      cleanPath: await wav('pair-b.wav', [clean, left])
    })
    const samples = await floats(child, clipId, 0, 10_000)
    const copy = join(root, 'copy.wav')
    await writeFile(copy, Buffer.concat([header, Buffer.from(samples.buffer)]))
    const read = await decodeFile(copy)
    expect(frames).toBe(5000)
    expect(read.format).toMatchObject({ sampleFormat: 'f32', channels: 4, sampleRateHz: 16_000, declaredFrames: 5000 })
    expect(read.channels).toEqual([left, right, clean, left])
  })

  it('give any part by its frames, fewer at the end, from the right place of a window', async () => {
    const samples = noise(40_000)
    const child = started()
    const window = { startFrame: 1000, frames: 30_000 }
    const { clipId, frames } = await facts(child, await wav('window.wav', [samples]), { window })
    expect(frames).toBe(30_000)
    expect(await floats(child, clipId, 29_990, 100)).toEqual(samples.slice(30_990, 31_000))
    expect(await floats(child, clipId, 30_000, 100)).toHaveLength(0)
  })

  it('are heard as the mean of all where there are more than two channels', async () => {
    const planar = [0.1, 0.2, 0.3, 0.4].map((value) => new Float32Array(100).fill(value))
    const child = started()
    const { clipId, channels, sourceChannels } = await facts(child, await wav('four.wav', planar))
    expect([channels, sourceChannels]).toEqual([1, 4])
    expect((await floats(child, clipId, 0, 1))[0]).toBeCloseTo(0.25, 6)
  })

  it('pad a result that is some frames short, and refuse one of more channels', async () => {
    const child = started()
    const original = await wav('long.wav', [noise(1000)])
    const short = await wav('short.wav', [noise(990)])
    const { clipId } = await facts(child, original, { cleanPath: short })
    const samples = await floats(child, clipId, 985, 15)
    expect([...samples.filter((_, i) => i % 2 === 1).slice(5)]).toEqual(Array.from({ length: 10 }, () => 0))
    const other = await wav('more.wav', [noise(1000), noise(1000)])
    const { result } = await open(child, original, { cleanPath: other })
    expect(result).toMatchObject({ ok: false, error: { code: 'E_UNSUPPORTED' } })
  })

  it('lay a result of another rate beside its source, each part as in the whole (a lag, a seam between reads)', async () => {
    const tone = (rate: number): Float32Array =>
      new Float32Array(rate / 2).map((_, i) => 0.5 * Math.sin((2 * Math.PI * 1234 * i) / rate))
    const child = started()
    const original = await wav('high.wav', [tone(44_100)], { sampleRateHz: 44_100 })
    const { clipId, frames, sampleRateHz } = await facts(child, original, {
      cleanPath: await wav('low.wav', [tone(16_000)])
    })
    expect([frames, sampleRateHz]).toEqual([22_050, 44_100])
    const whole = await floats(child, clipId, 0, frames)
    for (let i = 441; i < frames - 441; i++) expect(Math.abs(whole[2 * i]! - whole[2 * i + 1]!)).toBeLessThan(1e-4)
    for (const [at, count] of [
      [0, 7],
      [5000, 1000],
      [21_900, 500]
    ] as const) {
      const part = await floats(child, clipId, at, count)
      part.forEach((value, i) => {
        expect(Math.abs(value - whole[2 * at + i]!)).toBeLessThan(1e-6)
      })
    }
  })

  it('lay a mono result beside the mean of its source’s channels (what is removed would hold the sides)', async () => {
    const [left, right, clean] = [noise(500, 1), noise(500, 2), noise(500, 3)]
    const child = started()
    const { clipId, channels } = await facts(child, await wav('sides.wav', [left, right]), {
      cleanPath: await wav('mid.wav', [clean])
    })
    expect(channels).toBe(1)
    const samples = await floats(child, clipId, 0, 500)
    expect(samples.filter((_, i) => i % 2 === 0)).toEqual(left.map((value, i) => (value + right[i]!) / 2))
    expect(samples.filter((_, i) => i % 2 === 1)).toEqual(clean)
  })

  it('have exact peaks of all three signals at any width, and repeat samples where bins are finer (zeros between them)', async () => {
    const [original, clean] = [noise(100_000, 4), noise(100_000, 5)]
    const child = started()
    const { clipId } = await facts(child, await wav('p-a.wav', [original]), {
      cleanPath: await wav('p-b.wav', [clean])
    })
    await child.read(clipId)
    const removed = original.map((value, i) => value - clean[i]!)
    for (const [startFrame, endFrame, bins] of [
      [0, 100_000, 3],
      [1234, 51_234, 700],
      [500, 510, 40]
    ] as const) {
      const { result } = await child.ask({ type: 'peaks', clipId, signal: 'removed', startFrame, endFrame, bins })
      if (!result.ok) throw new Error(result.error.code)
      expect(result.value.isExact).toBe(true)
      const { max } = result.value.channels[0]!
      for (let bin = 0; bin < bins; bin++) {
        const from = startFrame + Math.floor((bin * (endFrame - startFrame)) / bins)
        const to = Math.max(from + 1, startFrame + Math.floor(((bin + 1) * (endFrame - startFrame)) / bins))
        const exact = Math.round(removed.slice(from, to).reduce((a, b) => Math.max(a, b)) * 32_767)
        // Coarse bins may reach a little over their edges.
        if (endFrame - startFrame < 256 * bins) expect(Math.abs(max[bin]! - exact)).toBeLessThanOrEqual(1)
        else expect(max[bin]!).toBeGreaterThanOrEqual(exact - 1)
      }
    }
  })

  it('measure loudness of all signals, and find it again in the cache (the second opening read it all)', async () => {
    const rate = 16_000
    const sine = new Float32Array(rate * 3).map((_, i) => 0.5 * Math.sin((2 * Math.PI * 997 * i) / rate))
    const cacheFolder = join(root, 'cache-of-loudness')
    const original = await wav('l-a.wav', [sine])
    const cleanPath = await wav('l-b.wav', [sine.map((value) => value / 2)])
    for (const round of [1, 2]) {
      const child = started()
      const { clipId } = await facts(child, original, { cleanPath, cacheFolder })
      await child.read(clipId)
      const { result } = await child.ask({ type: 'loudness', clipId, startFrame: 0, endFrame: sine.length })
      if (!result.ok) throw new Error(result.error.code)
      expect(result.value.isExact, `round ${round}`).toBe(true)
      expect(result.value.original.lufs).toBeCloseTo(-3.01 - 6.02, 1)
      expect(result.value.clean!.lufs).toBeCloseTo(-3.01 - 12.04, 1)
      expect(result.value.removed!.lufs).toBeCloseTo(-3.01 - 12.04, 1)
      expect(result.value.original.peak).toBeCloseTo(0.5, 3)
      expect((await readdir(cacheFolder)).filter((name) => name.endsWith('.measures'))).toHaveLength(1)
    }
  })

  it('draw a tone at its row in tiles of every level', async () => {
    const rate = 16_000
    const tone = new Float32Array(rate * 20).map((_, i) => 0.1 * Math.sin((2 * Math.PI * 4000 * i) / rate))
    const child = started()
    const { clipId } = await facts(child, await wav('tone.wav', [tone]))
    for (const level of [0, 3, 6, 7]) {
      const { result } = await child.ask({ type: 'tile', clipId, signal: 'original', level, index: 0 })
      if (!result.ok) throw new Error(result.error.code)
      const column = result.value.bytes.subarray(10 * 256, 11 * 256)
      expect(result.value.isComplete).toBe(true)
      expect(column.indexOf(Math.max(...column))).toBe(128)
      expect(Math.abs(column[128]! - Math.round(90 * 2.55))).toBeLessThanOrEqual(1)
    }
  })

  it('answer what was asked and not answered when they are closed, and what is asked after', async () => {
    const child = started()
    const { clipId } = await facts(child, await wav('closed.wav', [noise(100)]))
    child.send({ type: 'closeClip', clipId })
    const { result } = await child.ask({ type: 'readClip', clipId, startFrame: 0, frames: 10 })
    expect(result).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } })
    child.send({ type: 'shutdown' })
    expect(await child.exited).toBe(0)
  })

  it.skipIf(ffmpeg === null)(
    'are of the track that was asked for, each kept under its own name (the first one was heard)',
    async () => {
      const path = join(root, 'tracks.mka')
      const tones = ['200', '3000'].flatMap((hz) => ['-f', 'lavfi', '-i', `sine=f=${hz}:r=16000:d=1`])
      const flac = ['-map', '0', '-map', '1', '-c:a', 'flac', '-threads', '1']
      execFileSync(ffmpeg!, ['-v', 'error', '-nostdin', '-y', ...tones, ...flac, path])
      const child = started()
      const crossings = async (originalTrack: number | undefined): Promise<number> => {
        const { clipId, frames } = await facts(child, path, originalTrack === undefined ? {} : { originalTrack })
        const heard = await floats(child, clipId, 0, frames)
        return heard.filter((value, i) => i > 0 && value < 0 !== heard[i - 1]! < 0).length
      }
      expect(await crossings(2)).toBeGreaterThan(5000)
      expect(await crossings(undefined)).toBeLessThan(500)
      expect(await crossings(2)).toBeGreaterThan(5000)
      expect((await open(child, path, { originalTrack: 3 })).result).toMatchObject({ error: { code: 'E_NO_TRACK' } })
      const cut = { lengthSec: 0.5, leadSec: 0, tailSec: 0, startSec: 0, comparesLevels: false }
      const outPath = join(root, 'track2.wav')
      await child.ask({ type: 'excerpt', path, track: 2, ...cut, outPath })
      const [planar] = (await decodeFile(outPath)).channels
      expect(planar!.filter((value, i) => i > 0 && value < 0 !== planar![i - 1]! < 0).length).toBeGreaterThan(2500)
    }
  )

  it('are refused with the code of the run where the file is bad, and the process goes on', async () => {
    const child = started()
    const empty = join(root, 'empty.wav')
    await writeFile(empty, '')
    expect((await open(child, empty)).result).toMatchObject({ ok: false, error: { code: 'E_EMPTY' } })
    expect((await open(child, join(root, 'none.wav'))).result).toMatchObject({ ok: false, error: { code: 'E_IO' } })
    expect((await open(child, await wav('good.wav', [noise(10)]))).result.ok).toBe(true)
  })
})

describe.skipIf(!isBuilt)('excerpts', () => {
  it('are cut where the noise is loudest, with their surroundings, all channels, exactly', async () => {
    const rate = 8000
    const planar = [1, 2, 3].map((seed) =>
      noise(rate * 40, seed).map((value, i) => (i > rate * 16 && i < rate * 29 ? value : value / 100))
    )
    const outPath = join(root, 'excerpt.wav')
    const path = await wav('noisy.wav', planar, { sampleRateHz: rate })
    const request = {
      type: 'excerpt',
      path,
      track: null,
      startSec: null,
      lengthSec: 10,
      leadSec: 2,
      tailSec: 1,
      comparesLevels: false,
      outPath
    } as const
    const { result } = await started().ask(request)
    if (!result.ok) throw new Error(result.error.code)
    const { startSec, window } = result.value
    expect(startSec).toBeGreaterThan(14)
    expect(startSec).toBeLessThan(21)
    expect(window).toEqual({ startFrame: 2 * rate, frames: 10 * rate })
    const from = Math.round(startSec * rate) - 2 * rate
    const cut = await decodeFile(outPath)
    expect(cut.channels).toEqual(planar.map((channel) => channel.slice(from, from + 13 * rate)))
  })
})

describe.skipIf(!isBuilt || ffmpeg === null)('clips of compressed files', () => {
  const make = (name: string, sec: number, ...args: string[]): string => {
    const path = join(root, name)
    const graph = ['-f', 'lavfi', '-i', `sine=997:sample_rate=44100:duration=${sec}`]
    execFileSync(ffmpeg!, ['-v', 'error', ...graph, ...args, path])
    return path
  }

  it('are decoded once, read while that goes on, and found again; FLAC comes out sample for sample', async () => {
    const cacheFolder = join(root, 'cache-of-flac')
    const path = make('a.flac', 12, '-ac', '2', '-sample_fmt', 's16')
    const { channels } = await decodeFile(path, ffmpeg)
    for (const round of [1, 2]) {
      const child = started()
      const { clipId, frames } = await facts(child, path, { cacheFolder })
      expect(frames).toBe(12 * 44_100)
      // The end is not there yet in the first round: it waits.
      const samples = await floats(child, clipId, frames - 1000, 1000)
      expect(samples.filter((_, i) => i % 2 === 0)).toEqual(channels[0]!.slice(frames - 1000))
      expect(await child.read(clipId)).toMatchObject({ fraction: 1, readyFrames: frames, error: null })
      expect(await readdir(cacheFolder), `round ${round}`).toHaveLength(2)
    }
  })

  it('are decoded once for all who have them open at one time, and on for the last of them', async () => {
    const cacheFolder = join(root, 'cache-of-shared')
    const part = await readFile(make('shared-part.mp3', 10, '-b:a', '64k', '-write_xing', '0', '-id3v2_version', '0'))
    const path = join(root, 'shared.mp3')
    await writeFile(path, Buffer.concat(Array.from({ length: 30 }, () => part)))
    const child = started()
    const [first, second] = await Promise.all([
      facts(child, path, { cacheFolder }),
      facts(child, path, { cacheFolder })
    ])
    const files = await readdir(cacheFolder)
    expect(files.filter((name) => name.endsWith('.part') || name.endsWith('.wav'))).toHaveLength(1)
    child.send({ type: 'closeClip', clipId: first.clipId })
    expect(await child.read(second.clipId)).toMatchObject({ fraction: 1, error: null })
    expect(Math.max(...(await floats(child, second.clipId, second.frames - 44_100, 44_100)))).toBeGreaterThan(0.1)
  })

  it('wait for what is not decoded until they are cancelled, and leave nothing half-written', async () => {
    const cacheFolder = join(root, 'cache-of-cancelled')
    // MP3 is frame after frame: an hour of it without encoding an hour.
    const part = await readFile(make('part.mp3', 10, '-b:a', '64k', '-write_xing', '0', '-id3v2_version', '0'))
    const path = join(root, 'long.mp3')
    await writeFile(path, Buffer.concat(Array.from({ length: 360 }, () => part)))
    const child = started()
    const { clipId, frames } = await facts(child, path, { cacheFolder })
    const waiting = child.ask({ type: 'readClip', clipId, startFrame: frames - 10, frames: 10 })
    child.send({ type: 'cancel', id: child.lastId })
    expect((await waiting).result).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } })
    const first = await floats(child, clipId, 0, 44_100)
    expect(Math.max(...first)).toBeGreaterThan(0.1)
    const closed = child.ask({ type: 'readClip', clipId, startFrame: frames - 10, frames: 10 })
    child.send({ type: 'closeClip', clipId })
    expect((await closed).result).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } })
    child.send({ type: 'shutdown' })
    expect(await child.exited).toBe(0)
    expect(await readdir(cacheFolder)).toEqual([])
  })

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'tell by their progress that the cache cannot be written, and do not end the process',
    async () => {
      const cacheFolder = join(root, 'cache-read-only')
      await mkdir(cacheFolder)
      await chmod(cacheFolder, 0o500)
      const child = started()
      const { clipId } = await facts(child, make('ro.mp3', 2), { cacheFolder })
      expect(await child.read(clipId)).toMatchObject({ error: { code: 'E_READ_ONLY' } })
    }
  )

  it('tell by their progress that the cache is no folder, and answer the reads that waited', async () => {
    const cacheFolder = join(root, 'no folder')
    await writeFile(cacheFolder, '')
    const child = started()
    const path = make('nf.mp3', 2)
    const { result } = await open(child, path, { cacheFolder: join(cacheFolder, 'below') })
    const code = result.ok ? (await child.read(opened)).error?.code : result.error.code
    expect(code).toBe('E_IO')
    expect(await child.ask({ type: 'probe', path })).toMatchObject({ probe: { ok: true } })
  })

  it('have the length of the result beside them, padded or cut', async () => {
    const path = make('beside.mp3', 3)
    const cleanPath = await wav('beside.wav', [noise(44_100 * 3 + 17)], { sampleRateHz: 44_100 })
    const child = started()
    const { clipId, frames } = await facts(child, path, { cleanPath })
    expect(frames).toBe(44_100 * 3 + 17)
    expect(await child.read(clipId)).toMatchObject({ fraction: 1, readyFrames: frames })
    expect(await floats(child, clipId, frames - 5, 100)).toHaveLength(10)
  })

  it('have a length where the file declares none (ADTS)', async () => {
    const child = started()
    const { frames, clipId } = await facts(child, make('raw.aac', 4, '-c:a', 'aac', '-f', 'adts'))
    expect(Math.abs(frames / 44_100 - 4)).toBeLessThan(0.1)
    expect(await child.read(clipId)).toMatchObject({ fraction: 1, error: null })
  })
})
