import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlayerClip, PreviewView, Signal } from '../../src/shared/ipc/playerViews'
import { ask, button, filesUnder, fractionOf, jobsOf, kindsOf, patch, row, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { writeRecording } from './recordings'

/** The same three files twice: undisturbed, and with previews of other files in between. */
describe.skipIf(LAUNCHER === null)('a preview in the middle of a batch', () => {
  const place = new Place()
  const folder = place.folder('in')
  const outputs = [place.folder('undisturbed'), place.folder('disturbed')] as const
  let app: LaunchedApp

  const hashesIn = (results: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      filesUnder(results).map((file) => [
        file,
        createHash('sha256')
          .update(readFileSync(path.join(results, file)))
          .digest('hex')
      ])
    )

  /** The last word of each preview, as the window was told. */
  const told = (): Promise<Readonly<Record<string, PreviewView['state']>>> =>
    app.page.evaluate(() => (window as unknown as { toldPreviews: Record<string, PreviewView['state']> }).toldPreviews)

  async function previewOf(name: string, lengthSec = 10): Promise<string> {
    const job = (await jobsOf(app)).find(({ inputPath }) => path.basename(inputPath) === name)
    const answer = await ask(app, 'preview.start', { jobId: job!.id, startSec: null, lengthSec })
    if (!answer.ok) throw new Error(answer.error.code)
    return answer.data.previewId
  }

  async function runInto(results: string, meanwhile: () => Promise<void>): Promise<void> {
    await patch(app, {
      job: { chunkSec: 1, batch: 1, output: { place: 'folder', folder: results, pattern: '{name}' } }
    })
    await app.drop([folder])
    await until(
      () => kindsOf(app),
      ({ pending }) => pending === 3,
      { what: 'three files wait' }
    )
    await ask(app, 'queue.applySettings', {})
    await button(app, 'Start').click()
    await until(
      () => fractionOf(app, 'long.wav'),
      (done) => done !== null && done > 0.1,
      { what: 'work on it' }
    )
    await meanwhile()
    await until(
      () => kindsOf(app),
      ({ done }) => done === 3,
      { what: 'all done', withinMs: 120_000 }
    )
    await ask(app, 'queue.clearFinished', {})
  }

  beforeAll(async () => {
    writeRecording(path.join(folder, 'long.wav'), { durationSec: 50, seed: 21 })
    writeRecording(path.join(folder, 'second.wav'), { durationSec: 12, seed: 22, channels: 2 })
    writeRecording(path.join(folder, 'third.wav'), { durationSec: 12, seed: 23, sampleRateHz: 44_100 })
    app = await launchApp({ place })
    // Each batch is to run the model: from what is kept it would be over before a preview comes.
    await patch(app, { keepMb: 0 })
    await row(app, 'long.wav').waitFor({ state: 'detached' })
    await app.page.evaluate(() => {
      const page = window as unknown as { toldPreviews: Record<string, unknown> }
      page.toldPreviews = {}
      window.stillwave.onPush((event) => {
        if (event.topic === 'preview') page.toldPreviews[event.preview.previewId] = event.preview.state
      })
    })
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  it('leaves what the batch makes as it is, byte by byte', { timeout: 240_000 }, async () => {
    await runInto(outputs[0], () => Promise.resolve())
    await runInto(outputs[1], async () => {
      const before = await fractionOf(app, 'long.wav')
      // With the batch's own settings: into the same engine.
      const same = await previewOf('third.wav')
      const done = await until(told, (all) => all[same]?.kind === 'done', { what: 'the preview is done' })
      expect(done[same]).toMatchObject({ kind: 'done', lengthSec: 10 })
      // It came in the middle, not at the end.
      expect(await fractionOf(app, 'long.wav')).not.toBeNull()
      expect((await fractionOf(app, 'long.wav'))!).toBeGreaterThanOrEqual(before!)
      // With others: beside it.
      await patch(app, { job: { chunkSec: 0.5 } })
      const other = await previewOf('second.wav')
      await until(told, (all) => all[other]?.kind === 'done', { what: 'the other preview is done' })
      await patch(app, { job: { chunkSec: 1 } })
    })
    expect(Object.keys(hashesIn(outputs[0]))).toHaveLength(3)
    expect(hashesIn(outputs[1])).toEqual(hashesIn(outputs[0]))
  })

  it('measures a speed that tells how long the waiting files take', async () => {
    await app.drop([folder])
    await until(
      () => kindsOf(app),
      ({ pending }) => pending === 3,
      { what: 'three files wait' }
    )
    await until(
      () => jobsOf(app),
      (jobs) => jobs.every(({ probe }) => probe !== null),
      { what: 'all probed' }
    )
    const { settings } = await app.page.evaluate(async () => {
      const answer = await window.stillwave.app.snapshot({})
      if (!answer.ok) throw new Error(answer.error.code)
      return answer.data
    })
    const answer = await ask(app, 'queue.preflight', { settings: settings.job })
    if (!answer.ok) throw new Error(answer.error.code)
    // 190 s of audio at 5 to 200 times real time on any machine that runs this.
    expect(answer.data.forecastSec).toBeGreaterThan(190 / 400)
    expect(answer.data.forecastSec).toBeLessThan(190)
  })

  it('is heard beside its source where it has another rate or fewer channels (a clip that is refused, or a lag)', async () => {
    const heard = async (name: string): Promise<PlayerClip> => {
      const previewId = await previewOf(name)
      const ended = await until(told, (all) => ['done', 'failed'].includes(all[previewId]?.kind ?? ''), {
        what: 'the end of the preview'
      })
      expect(ended[previewId]).toMatchObject({ kind: 'done' })
      const job = (await jobsOf(app)).find(({ inputPath }) => path.basename(inputPath) === name)
      const answer = await ask(app, 'player.open', { jobId: job!.id, previewId })
      if (!answer.ok) throw new Error(answer.error.code)
      return answer.data
    }
    const peakOf = async (clip: PlayerClip, signal: Signal): Promise<number> => {
      const range = { token: clip.token, signal, startFrame: 0, endFrame: clip.frames, bins: 1 }
      const peaks = await until(
        () => ask(app, 'player.peaks', range),
        (answer) => answer.ok && answer.data.isExact,
        { what: 'exact peaks' }
      )
      if (!peaks.ok) throw new Error(peaks.error.code)
      return Math.max(...peaks.data.channels.map(({ max }) => max[0]!))
    }
    // Nothing is taken away: what differs is what the rate or the channels leave out.
    await patch(app, { job: { strengthPercent: 0, output: { above8k: '16k', channels: 'mono' } } })
    const mixed = await heard('second.wav')
    expect(mixed).toMatchObject({ channels: 1, sampleRateHz: 16_000, signals: ['original', 'clean', 'removed'] })
    expect(await peakOf(mixed, 'original')).toBeGreaterThan(1000)
    expect(await peakOf(mixed, 'removed')).toBe(0)
    await ask(app, 'player.close', { token: mixed.token })
    const slower = await heard('third.wav')
    expect(slower).toMatchObject({ channels: 1, sampleRateHz: 44_100, frames: 10 * 44_100 })
    const [whole, over] = [await peakOf(slower, 'original'), await peakOf(slower, 'removed')]
    expect(over).toBeGreaterThan(0)
    expect(over).toBeLessThan(whole / 2)
    await ask(app, 'player.close', { token: slower.token })
  })
})
