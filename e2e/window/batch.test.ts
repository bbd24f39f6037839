import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource } from '../../src/audio/io/openSource'
import type { Job } from '../../src/shared/jobs/job'
import { isLongForm } from '../longForm'
import { button, filesUnder, fractionOf, jobsOf, kindsOf, p95, patch, row, snapshotOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { writeRecording } from './recordings'

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

/** One batch, from a dropped folder to its clean files, with everything that a person does on the way. */
describe.skipIf(LAUNCHER === null)('a folder of recordings', () => {
  const place = new Place()
  const folder = place.folder('Interviews 2024')
  const results = place.folder('results')
  let app: LaunchedApp
  let sources: Readonly<Record<string, string>> = {}

  beforeAll(async () => {
    writeRecording(path.join(folder, 'long talk.wav'), { durationSec: 45, seed: 3 })
    writeRecording(path.join(folder, 'kitchen', 'stereo 48k.wav'), {
      durationSec: 4,
      sampleRateHz: 48_000,
      channels: 2
    })
    writeRecording(path.join(folder, 'kitchen', '采访 第一段.wav'), { durationSec: 3, seed: 5 })
    writeFileSync(path.join(folder, 'broken.wav'), 'RIFF and then nothing that makes sense')
    writeFileSync(path.join(folder, 'notes.txt'), 'not audio')
    sources = Object.fromEntries(filesUnder(folder).map((file) => [file, sha256(path.join(folder, file))]))
    app = await launchApp({ place })
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  it('is dropped and listed, with what its files are', async () => {
    await app.drop([folder])
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === 4 && jobs.every(({ probe }) => probe !== null),
      {
        what: 'four files, all probed'
      }
    )
    await row(app, 'long talk.wav').waitFor()
    await expect(row(app, 'stereo 48k.wav').innerText()).resolves.toMatch(/48 kHz/u)
    await expect(row(app, '采访 第一段.wav').innerText()).resolves.toMatch(/0:03/u)
    expect(await app.page.getByRole('row', { name: 'notes.txt' }).count()).toBe(0)
  })

  it('takes the output folder that is chosen in the dialog', async () => {
    await app.control.answerDialog({ kind: 'open', filePaths: [results] })
    await patch(app, { job: { output: { place: 'tree', pattern: '{name}' } } })
    await app.page.evaluate(() => window.stillwave.settings.pickFolder({}))
    const applied = await app.page.evaluate(() => window.stillwave.queue.applySettings({}))
    expect(applied.ok).toBe(true)
    const jobs = await jobsOf(app)
    expect(jobs.every(({ outputPath }) => outputPath?.startsWith(results) === true)).toBe(true)
  })

  it('starts, and pause holds the file where it is', async () => {
    await app.control.watchLoop()
    await button(app, 'Start').click()
    await until(
      () => fractionOf(app, 'long talk.wav'),
      (done) => done !== null && done > 0.08,
      { what: 'work on the first file' }
    )
    expect(await app.control.progressBar()).toBeGreaterThanOrEqual(0)
    await button(app, 'Pause').click()
    await button(app, 'Resume').waitFor()
    await app.page.waitForTimeout(600)
    const held = await fractionOf(app, 'long talk.wav')
    await app.page.waitForTimeout(900)
    expect(await fractionOf(app, 'long talk.wav')).toBe(held)
    expect((await kindsOf(app)).running).toBe(1)
  })

  it('goes on and finishes every file but the broken one, which says why', async () => {
    await app.control.minimize()
    await button(app, 'Resume').click()
    await until(
      () => kindsOf(app),
      (kinds) => (kinds.pending ?? 0) + (kinds.running ?? 0) === 0,
      {
        what: 'the end of the batch',
        withinMs: 50_000
      }
    )
    expect(await kindsOf(app)).toEqual({ done: 3, failed: 1 })
    const loop = await app.control.loopDelay()
    console.info(`Main's event loop in a batch: p50 ${loop.p50} ms, p95 ${loop.p95} ms, max ${loop.max} ms`)
    // The goals of R43; the longest turn of all is held where nothing else runs on the machine.
    expect(loop.p95).toBeLessThan(50)
    if (isLongForm) expect(loop.max).toBeLessThan(250)
    const failed = row(app, 'broken.wav')
    await expect(failed.innerText()).resolves.toMatch(/Failed/u)
  })

  it('leaves clean files of the same shape, and the sources as they were', async () => {
    expect(filesUnder(results)).toEqual(['kitchen/stereo 48k.wav', 'kitchen/采访 第一段.wav', 'long talk.wav'])
    for (const file of filesUnder(results)) {
      const [source, result] = await Promise.all(
        [folder, results].map((root) => openSource(path.join(root, file), { ffmpegPath: null }))
      )
      expect(result!.format).toEqual(source!.format)
      await Promise.all([source!.close(), result!.close()])
      expect(sha256(path.join(results, file))).not.toBe(sources[file])
    }
    for (const [file, hash] of Object.entries(sources)) expect(sha256(path.join(folder, file))).toBe(hash)
  })

  it('tells the desktop: no sleep meanwhile, the progress taken away, a notice at the end', async () => {
    const asked = await app.control.asked()
    const power = asked.filter(({ what }) => what === 'powerSaveBlocker').map(({ value }) => value)
    // A held batch lets the machine sleep.
    expect(power).toEqual(['start', 'stop', 'start', 'stop'].map((act) => `${act} prevent-app-suspension`))
    expect(asked.find(({ what }) => what === 'notification')?.value).toMatch(/Done: 3.*Failed: 1/u)
    await until(
      () => app.control.progressBar(),
      (value) => value === -1,
      { what: 'an empty taskbar' }
    )
  })

  it('retries a failed file once it has been mended', async () => {
    writeRecording(path.join(folder, 'broken.wav'), { durationSec: 1.5 })
    await row(app, 'broken.wav').click({ button: 'right' })
    await app.page.getByRole('menuitem', { name: 'Retry' }).click()
    await until(
      () => kindsOf(app),
      (kinds) => kinds.failed === undefined,
      { what: 'the file in the queue again' }
    )
    if ((await snapshotOf(app)).queue.run.kind === 'idle') await button(app, 'Start').click()
    const seen = await until(
      () => kindsOf(app),
      (kinds) => kinds.pending === undefined && kinds.running === undefined,
      {
        what: 'the end of the second run'
      }
    )
    // A changed source is another file: it is cleaned, or refused by its code, and never done as the old one.
    const [job] = (await jobsOf(app)).filter(({ inputPath }) => inputPath.endsWith('broken.wav'))
    if (job!.status.kind === 'failed') expect(job!.status.error.code).toBe('E_SOURCE_CHANGED')
    else expect(seen).toEqual({ done: 4 })
  })

  it('changes the strength of a file that is done, by the keyboard, in its result’s place and without the model', async () => {
    const result = path.join(results, 'long talk.wav')
    const [before, count] = [sha256(result), filesUnder(results).length]
    await row(app, 'long talk.wav').click({ button: 'right' })
    await app.page.getByRole('menuitem', { name: 'Change strength…' }).click()
    await app.page.getByTestId('strength-dialog').getByRole('slider').focus()
    for (let i = 0; i < 3; i++) await app.page.keyboard.press('PageDown')
    await app.page.getByTestId('strength-apply').click()
    const job = async (): Promise<Job> =>
      (await jobsOf(app)).find(({ inputPath }) => inputPath.endsWith('long talk.wav'))!
    const done = await until(job, ({ status }) => status.kind === 'done' && status.result.isFromKept === true, {
      what: 'the file done again'
    })
    expect(done.status).toMatchObject({ result: { outputPath: result } })
    expect(sha256(result)).not.toBe(before)
    expect(filesUnder(results)).toHaveLength(count)
  })

  it('copies the report of a file, and shows its result in its folder', async () => {
    await row(app, 'long talk.wav').click({ button: 'right' })
    await app.page.getByRole('menuitem', { name: 'Show in folder' }).click()
    const asked = await until(
      () => app.control.asked(),
      (all) => all.some(({ what }) => what === 'showItemInFolder'),
      {
        what: 'the folder shown'
      }
    )
    expect(asked.find(({ what }) => what === 'showItemInFolder')?.value).toBe(path.join(results, 'long talk.wav'))
    const [job] = (await jobsOf(app)).filter(({ inputPath }) => inputPath.endsWith('long talk.wav'))
    const report = await app.page.evaluate((jobId) => window.stillwave.job.copyReport({ jobId }), job!.id)
    expect(report).toMatchObject({ ok: true, data: { text: expect.stringContaining('long talk.wav') as string } })
  })

  it('cancels a file in work within a second, and leaves nothing of it; a click is answered meanwhile', async () => {
    const more = place.folder('more')
    const times = isLongForm ? 20 : 6
    for (let i = 1; i <= times + 2; i++) writeRecording(path.join(more, `take ${i}.wav`), { durationSec: 40, seed: i })
    await row(app, 'long talk.wav').click()
    await app.page.keyboard.press('Control+a')
    await app.page.keyboard.press('Delete')
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === 0,
      { what: 'an empty list' }
    )
    await app.drop([more])
    await until(
      () => kindsOf(app),
      (kinds) => kinds.pending === times + 2,
      { what: 'more files' }
    )
    await button(app, 'Start').click()
    const [cancels, clicks]: [number[], number[]] = [[], []]
    for (let i = 1; i <= times; i++) {
      const name = `take ${i}.wav`
      await until(
        () => fractionOf(app, name),
        (done) => done !== null && done > 0.02,
        { what: `work on ${name}` }
      )
      clicks.push(...(await clickTimes(app)))
      const [job] = (await jobsOf(app)).filter(({ inputPath }) => inputPath.endsWith(name))
      cancels.push(await cancelMs(app, job!.id))
    }
    console.info(
      `A click was answered in ${p95(clicks).toFixed(0)} ms (p95 of ${clicks.length}), a cancel done in ${p95(cancels).toFixed(0)} ms (p95 of ${cancels.length})`
    )
    expect(p95(cancels)).toBeLessThan(isLongForm ? 1000 : 3000)
    expect(p95(clicks)).toBeLessThan(isLongForm ? 100 : 500)
    await button(app, 'Stop').click()
    await button(app, 'Stop now').click()
    await until(
      () => kindsOf(app),
      (kinds) => kinds.running === undefined,
      { what: 'nothing in work' }
    )
    expect(await kindsOf(app)).toEqual({ cancelled: times, pending: 2 })
    expect(filesUnder(results).filter((file) => file.includes('take') || file.includes('.part'))).toEqual([])
    expect(filesUnder(more)).toHaveLength(times + 2)
  })
})

/** From the click on a filter to the frame that shows it chosen, several times, measured in the page. */
function clickTimes(app: LaunchedApp): Promise<readonly number[]> {
  return app.page.evaluate(async () => {
    const chosen = (item: HTMLElement): boolean =>
      ['aria-checked', 'aria-pressed', 'aria-selected', 'data-state'].some((name) =>
        ['true', 'on', 'active', 'checked'].includes(item.getAttribute(name) ?? '')
      )
    const group = document.querySelector('[aria-label="Show"]')
    const items = [...(group?.querySelectorAll<HTMLElement>('button, [role=radio]') ?? [])].slice(0, 2)
    if (items.length < 2) throw new Error('no filter to click')
    const times: number[] = []
    for (const item of [items[1]!, items[0]!, items[1]!, items[0]!]) {
      const startMs = performance.now()
      item.click()
      while (!chosen(item)) {
        if (performance.now() - startMs > 5000) throw new Error('the click was not answered')
        await new Promise(requestAnimationFrame)
      }
      times.push(performance.now() - startMs)
    }
    return times
  })
}

/** From the request to the push that says cancelled, measured in the page. */
function cancelMs(app: LaunchedApp, jobId: string): Promise<number> {
  return app.page.evaluate(async (id) => {
    const startMs = performance.now()
    const done = new Promise<number>((resolve) => {
      const end = window.stillwave.onPush((event) => {
        if (event.topic !== 'queue' || event.event.type !== 'jobsCancelled' || !event.event.jobIds.includes(id)) return
        end()
        resolve(performance.now() - startMs)
      })
    })
    const answer = await window.stillwave.queue.cancel({ jobIds: [id] })
    if (!answer.ok) throw new Error(answer.error.code)
    return done
  }, jobId)
}
