import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlayerClip } from '../../src/shared/ipc/playerViews'
import { ask, jobsOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { recordingBytes } from './recordings'

/** 100 MB of 16-bit stereo, whose value tells where it is: a ramp over its whole length. */
const RATE_HZ = 48_000
const LONG_FRAMES = 25_000_000
const RAMP_TOP = 26_000

/** The header of a 16-bit recording, and a ramp after it. */
function rampBytes(): Buffer {
  const bytes = Buffer.alloc(44 + LONG_FRAMES * 4)
  recordingBytes({ durationSec: 0, sampleRateHz: RATE_HZ, channels: 2 }).copy(bytes)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.writeUInt32LE(LONG_FRAMES * 4, 40)
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset + 44, LONG_FRAMES * 2)
  for (let i = 0; i < LONG_FRAMES; i++) samples.fill(Math.round((i / LONG_FRAMES) * RAMP_TOP), 2 * i, 2 * i + 2)
  return bytes
}

/** What the samples of a 16-bit recording are as float32. */
function floatsOf(recording: Buffer): Buffer {
  const frames = (recording.length - 44) / 2
  return Buffer.from(Float32Array.from({ length: frames }, (_, i) => recording.readInt16LE(44 + 2 * i) / 32_768).buffer)
}

interface Fetched {
  readonly status: number
  readonly contentRange: string | null
  readonly length: string | null
  readonly bytes: Buffer
}

describe.skipIf(LAUNCHER === null)('media addresses in the window', () => {
  const place = new Place()
  const folder = place.folder('talks')
  const short = recordingBytes({ durationSec: 20, seed: 4 })
  let app: LaunchedApp

  beforeAll(async () => {
    writeFileSync(path.join(folder, 'short.wav'), short)
    writeFileSync(path.join(folder, 'swapped.wav'), short)
    writeFileSync(path.join(folder, 'long.wav'), rampBytes())
    app = await launchApp({ place })
    await app.drop([folder])
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === 3,
      { what: 'three files' }
    )
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  async function open(name: string): Promise<PlayerClip> {
    const job = (await jobsOf(app)).find(({ inputPath }) => path.basename(inputPath) === name)
    const answer = await ask(app, 'player.open', { jobId: job!.id, previewId: null })
    if (!answer.ok) throw new Error(JSON.stringify(answer.error))
    return answer.data
  }

  async function get(url: string, range: string | null, method = 'GET'): Promise<Fetched> {
    const { text, ...rest } = await app.page.evaluate(
      async ([address, part, how]) => {
        const answer = await fetch(address, { method: how, ...(part === null ? {} : { headers: { range: part } }) })
        const bytes = new Uint8Array(await answer.arrayBuffer())
        let binary = ''
        for (let at = 0; at < bytes.length; at += 8192) {
          binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
        }
        const header = (name: string): string | null => answer.headers.get(name)
        const [contentRange, length] = [header('content-range'), header('content-length')]
        return { status: answer.status, contentRange, length, text: btoa(binary) }
      },
      [url, range, method] as const
    )
    return { ...rest, bytes: Buffer.from(text, 'base64') }
  }

  it('are byte-exact, whole and in parts', async () => {
    const clip = await open('short.wav')
    expect(clip).toMatchObject({ sampleRateHz: 16_000, frames: 320_000, channels: 1, signals: ['original'] })
    const whole = await get(clip.url, null)
    expect(whole.status).toBe(200)
    const { bytes } = whole
    expect(bytes.subarray(clip.dataOffset).equals(floatsOf(short))).toBe(true)
    const header = bytes.subarray(0, clip.dataOffset)
    expect(header.toString('latin1', 0, 4) + header.toString('latin1', 8, 12)).toBe('RIFFWAVE')
    expect(header.readUInt32LE(4)).toBe(bytes.length - 8)
    expect(header.readUInt32LE(clip.dataOffset - 4)).toBe(320_000 * 4)

    const size = bytes.length
    const parts: readonly (readonly [range: string, start: number, end: number])[] = [
      ['bytes=0-', 0, size],
      ['bytes=0-0', 0, 1],
      ['bytes=3-97', 3, 98],
      ['bytes=1001-1002', 1001, 1003],
      ['bytes=70001-600002', 70_001, 600_003],
      ['bytes=-7', size - 7, size],
      [`bytes=${size - 1}-`, size - 1, size],
      [`bytes=1279999-${size + 99}`, 1_279_999, size]
    ]
    for (const [range, start, end] of parts) {
      const part = await get(clip.url, range)
      expect(part.status, range).toBe(206)
      expect(part.contentRange).toBe(`bytes ${start}-${end - 1}/${size}`)
      expect(part.bytes.equals(bytes.subarray(start, end)), range).toBe(true)
    }
    for (const range of [`bytes=${size}-`, 'bytes=9-5', 'bytes=0-1,4-5']) {
      expect(await get(clip.url, range), range).toMatchObject({ status: 416, contentRange: `bytes */${size}` })
    }
    expect(await get(clip.url, null, 'HEAD')).toMatchObject({ status: 200, length: String(size) })
    expect((await get(clip.url, null, 'POST')).status).toBe(405)
  })

  it('are gone with the clip, and cannot be guessed', async () => {
    const { url, token } = await open('short.wav')
    const guessed = (token.startsWith('A') ? 'B' : 'A') + token.slice(1)
    expect((await get(url.replace(token, guessed), null)).status).toBe(404)
    expect((await get(url.replace(token, encodeURIComponent(path.join(folder, 'short.wav'))), null)).status).toBe(404)
    await ask(app, 'player.close', { token })
    expect((await get(url, 'bytes=0-3')).status).toBe(404)
    const asked = await ask(app, 'player.loudness', { token, startFrame: 0, endFrame: 9 })
    expect(asked).toMatchObject({ ok: false, error: { code: 'E_CLIP_CLOSED' } })
  })

  it('do not follow a file that is swapped for a symlink', async () => {
    const { url } = await open('swapped.wav')
    expect((await get(url, 'bytes=0-3')).status).toBe(206)
    const secret = path.join(place.root, 'secret.wav')
    writeFileSync(secret, short)
    renameSync(path.join(folder, 'swapped.wav'), path.join(place.root, 'was.wav'))
    symlinkSync(secret, path.join(folder, 'swapped.wav'))
    expect((await get(url, 'bytes=0-3')).status).toBe(410)
    rmSync(path.join(folder, 'swapped.wav'))
    expect((await get(url, 'bytes=0-3')).status).toBe(410)
  })

  it('play 100 MB by ranges: all of it can be reached, and a jump is heard where it went', async () => {
    const { url, frames } = await open('long.wav')
    const durationSec = frames / RATE_HZ
    // A page may make a sound once somebody has acted in it.
    await app.page.mouse.click(5, 5)
    const seen = await app.page.evaluate(
      async ([address, jumpSec]) => {
        const audio = new Audio(address)
        const once = (name: string): Promise<void> =>
          new Promise((resolve, reject) => {
            audio.addEventListener(
              name,
              () => {
                resolve()
              },
              { once: true }
            )
            audio.addEventListener(
              'error',
              () => {
                reject(new Error(audio.error?.message))
              },
              { once: true }
            )
          })
        await once('loadedmetadata')
        const seekableSec = audio.seekable.end(0)
        const context = new AudioContext()
        const analyser = context.createAnalyser()
        context.createMediaElementSource(audio).connect(analyser).connect(context.destination)
        await context.resume()
        audio.currentTime = jumpSec
        await once('seeked')
        const landedSec = audio.currentTime
        await audio.play()
        const samples = new Float32Array(analyser.fftSize)
        let level = 0
        for (let tries = 0; level === 0 && tries < 200; tries++) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          analyser.getFloatTimeDomainData(samples)
          // Settled: the first moments ring after the jump from silence, and would read as seconds too late.
          const [low, high] = [Math.min(...samples), Math.max(...samples)]
          level = low > 0.01 && high - low < 0.001 * high ? samples[0]! : 0
        }
        const heardAtSec = audio.currentTime
        audio.pause()
        audio.removeAttribute('src')
        audio.load()
        await context.close()
        return { durationSec: audio.duration, seekableSec, landedSec, level, heardAtSec }
      },
      [url, 0.6 * durationSec] as const
    )
    expect(seen.seekableSec).toBeCloseTo(durationSec, 2)
    expect(Math.abs(seen.landedSec - 0.6 * durationSec)).toBeLessThan(0.1)
    // The ramp itself says which second of the file it is; a moment has been played since.
    const heardSec = ((seen.level * 32_768) / RAMP_TOP) * durationSec
    expect(heardSec).toBeGreaterThan(0.6 * durationSec - 0.1)
    expect(heardSec).toBeLessThan(seen.heardAtSec + 0.1)
  })

  it('are gone when the page is loaded anew: nobody there knows them any more', async () => {
    const { url } = await open('short.wav')
    expect((await get(url, 'bytes=0-3')).status).toBe(206)
    await app.page.reload()
    await app.page.getByRole('grid').or(app.page.getByRole('table')).first().waitFor()
    expect((await get(url, 'bytes=0-3')).status).toBe(404)
  })
})
