import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heard, tapSpeakers } from './audioTap'
import { ask, jobsOf, kindsOf, row, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { recordingBytes } from './recordings'

const RATE_HZ = 48_000
const HOURS = 2

/** Two hours of 16-bit mono at 48 kHz: one minute of sound over and over, 0.7 GB. */
function writeLong(file: string): void {
  const minute = recordingBytes({ durationSec: 60, sampleRateHz: RATE_HZ, seed: 31 })
  const dataBytes = (minute.length - 44) * 60 * HOURS
  const head = Buffer.from(minute.subarray(0, 44))
  head.writeUInt32LE(dataBytes + 36, 4)
  head.writeUInt32LE(dataBytes, 40)
  const handle = openSync(file, 'w')
  writeSync(handle, head)
  for (let n = 0; n < 60 * HOURS; n++) writeSync(handle, minute, 44)
  closeSync(handle)
}

describe.skipIf(LAUNCHER === null)('a recording of two hours', () => {
  const place = new Place()
  const file = path.join(place.folder('in'), 'conference.wav')
  let app: LaunchedApp

  beforeAll(async () => {
    writeLong(file)
    app = await launchApp({ place })
    await tapSpeakers(app)
    await app.page.evaluate(() => {
      const page = window as unknown as { fetchedBytes: number }
      page.fetchedBytes = 0
      const original = window.fetch.bind(window)
      window.fetch = async (...all) => {
        const response = await original(...all)
        page.fetchedBytes += Number(response.headers.get('content-length') ?? 0)
        return response
      }
    })
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  /** The share of the picture's columns that have a bar of the waveform's own colour, as it is on the canvas. */
  const drawnColumns = (): Promise<number> =>
    app.page.evaluate(() => {
      const surface = document.querySelector('[data-testid="player-surface"]')!
      const canvas = surface.querySelector('canvas')!
      const ctx = canvas.getContext('2d')!
      const { width, height } = canvas
      const pixels = ctx.getImageData(0, 0, width, height).data
      const probe = new OffscreenCanvas(1, 1).getContext('2d')!
      probe.fillStyle = getComputedStyle(surface).getPropertyValue('--ink-faint')
      probe.fillRect(0, 0, 1, 1)
      const wanted = probe.getImageData(0, 0, 1, 1).data
      const has = (x: number, y: number): boolean =>
        [0, 1, 2].every((part) => Math.abs(pixels[(y * width + x) * 4 + part]! - wanted[part]!) < 4)
      let [drawn, columns] = [0, 0]
      // Between the axes, left and right of it, which are of that colour too.
      for (let x = Math.round(width * 0.08); x < width * 0.92; x++) {
        let high = 0
        for (let y = 0; y < height * 0.4; y++) if (has(x, y)) high++
        columns++
        if (high >= 6) drawn++
      }
      return drawn / columns
    })

  it('shows its waveform within 3 s of the click, and plays at once', async () => {
    await app.drop([file])
    await row(app, 'conference.wav').waitFor()
    await until(
      () => kindsOf(app),
      ({ pending }) => pending === 1,
      { what: 'it waits' }
    )
    await until(
      () => jobsOf(app),
      ([job]) => job?.probe !== null,
      { what: 'it is probed' }
    )
    const clickedMs = Date.now()
    await row(app, 'conference.wav').dblclick()
    const player = app.page.getByTestId('player')
    await player.waitFor()
    const surface = app.page.getByTestId('player-surface')
    await until(
      () => surface.getAttribute('data-waveform'),
      (drawn) => drawn === 'coarse' || drawn === 'exact',
      { what: 'a waveform', withinMs: 10_000 }
    )
    const shownMs = Date.now() - clickedMs
    expect(await drawnColumns()).toBeGreaterThan(0.9)
    await player.focus()
    if ((await player.getAttribute('data-playing')) !== 'true') await app.page.keyboard.press('Space')
    await until(
      () => player.getAttribute('data-position-frames'),
      (at) => Number(at) > RATE_HZ / 4,
      { what: 'it plays' }
    )
    const playingMs = Date.now() - clickedMs
    console.info(`two hours: waveform ${shownMs} ms after the click, sound ${playingMs} ms`)
    expect(shownMs).toBeLessThan(3000)
    expect(statSync(file).size).toBeGreaterThan(600e6)
    const { samples } = await heard(app)
    expect(Math.max(...samples)).toBeGreaterThan(0.01)
  })

  it('jumps to its end and holds no more than a minute of samples', async () => {
    const player = app.page.getByTestId('player')
    await player.focus()
    await app.page.keyboard.press('End')
    await app.page.keyboard.press('ArrowLeft')
    await app.page.keyboard.press('ArrowLeft')
    const near = (HOURS * 3600 - 12) * RATE_HZ
    await until(
      () => player.getAttribute('data-position-frames'),
      (at) => Number(at) > near,
      { what: 'near the end' }
    )
    await app.page.keyboard.press('Home')
    await app.page.waitForTimeout(3000)
    const bytes = await app.page.evaluate(() => (window as unknown as { fetchedBytes: number }).fetchedBytes)
    // float32, one channel: what was played, and what is held ahead after each of three jumps.
    expect(bytes).toBeLessThan(4 * 60 * RATE_HZ * 4)
    const answer = await ask(app, 'player.close', { token: 'nobody' })
    expect(answer.ok).toBe(true)
  })
})
