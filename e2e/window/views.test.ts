import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { button, fractionOf, jobsOf, kindsOf, patch, row, snapshotOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { writeRecording } from './recordings'
import { look, noToasts } from './shots'

const FILES: Readonly<Record<string, { durationSec: number; sampleRateHz?: number; channels?: number }>> = {
  'Episode 12/Intro.wav': { durationSec: 6, sampleRateHz: 48_000, channels: 2 },
  'Episode 12/Long talk with Dr Okafor.wav': { durationSec: 75 },
  'Episode 12/Outro.wav': { durationSec: 5, sampleRateHz: 48_000, channels: 2 },
  'Field/Harbour, morning.wav': { durationSec: 9, sampleRateHz: 44_100 },
  'Field/Market street.wav': { durationSec: 12, sampleRateHz: 44_100 },
  'Lectures/线性代数 第三讲.wav': { durationSec: 14 },
  'Lectures/Signals and systems 04.wav': { durationSec: 11 },
  'Voice memo 2024-03-18.wav': { durationSec: 4, sampleRateHz: 22_050 }
}

/** All but the one that cannot be read and the one that is there. */
const FILES_WRITTEN = Object.keys(FILES).slice(1)

/** Every view in both languages and both themes: saved where a person can look, and read by axe as a screen reader would. */
describe.skipIf(LAUNCHER === null)('every view', () => {
  const place = new Place()
  const folder = place.folder('Recordings')
  let app: LaunchedApp

  beforeAll(async () => {
    let seed = 0
    for (const [name, recording] of Object.entries(FILES)) {
      writeRecording(path.join(folder, name), { ...recording, seed: ++seed })
    }
    writeFileSync(path.join(folder, 'Field', 'Cut off by the battery.wav'), 'RIFF....WAVE: the recorder died here')
    app = await launchApp({ place })
    await app.control.resize(1280, 800)
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  it('the empty list', async () => {
    await look(app, 'empty')
  })

  it('files that are dragged over the window, let go, and wait', async () => {
    const session = await app.cdp()
    const data = { items: [], files: [folder], dragOperationsMask: 1 }
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop'): Promise<unknown> =>
      session.send('Input.dispatchDragEvent', { type, x: 500, y: 400, data })
    await drag('dragEnter')
    await drag('dragOver')
    await look(app, 'dropping', { axe: false })
    await drag('drop')
    await session.detach()
    const count = Object.keys(FILES).length + 1
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === count && jobs.every(({ probe }) => probe !== null),
      {
        what: 'all files, probed'
      }
    )
    await noToasts(app)
    await look(app, 'waiting')
  })

  it('what will happen: every file with its result, the reasons and the room', async () => {
    const there = path.join(folder, 'Voice memo 2024-03-18.clean.wav')
    writeFileSync(there, 'a result of last week')
    await app.page.getByTestId('open-outlook').press('Enter')
    const table = app.page.getByTestId('outlook-table')
    await table.getByText('Voice memo 2024-03-18.clean.wav').waitFor()
    const acts = await table
      .locator('[data-act]')
      .evaluateAll((rows) => rows.map((one) => one.getAttribute('data-act')))
    expect([...acts].sort()).toEqual(['cannot', ...Array.from(FILES_WRITTEN, () => 'new'), 'skipped'])
    await look(app, 'outlook')
    await app.control.answerDialog({ kind: 'save', filePath: path.join(place.root, 'plan') })
    await app.page.getByTestId('outlook-save').press('Enter')
    await until(() => existsSync(path.join(place.root, 'plan.csv')), Boolean, { what: 'the saved list' })
    expect(readFileSync(path.join(place.root, 'plan.csv'), 'utf8').trim().split('\r\n')).toHaveLength(acts.length + 1)
    await app.page.keyboard.press('Escape')
    await app.page.getByRole('dialog').waitFor({ state: 'detached' })
    await noToasts(app)
    rmSync(there)
  })

  it('the settings, with those for the few', async () => {
    await patch(app, { showAdvanced: true, job: { join: 'overlap', chunkSec: 2, overlapSec: 0.5 } })
    await look(app, 'settings-overlap')
    await patch(app, { job: { join: 'carried', chunkSec: 1 } })
    // All of them at once: a window that is higher than any screen.
    await app.control.resize(1280, 2900)
    await patch(app, { job: { floorDb: 20, output: { format: 'mp3', loudness: 'target', truePeakDb: -1 } } })
    await look(app, 'settings-all')
    await patch(app, {
      showAdvanced: false,
      job: { floorDb: null, output: { format: 'source', loudness: 'restore', truePeakDb: null } }
    })
    await app.control.resize(1280, 800)
  })

  it('a batch at work, in three sizes of the window', async () => {
    await button(app, '开始').click()
    await until(
      () => fractionOf(app, 'Long talk with Dr Okafor.wav'),
      (done) => done !== null && done > 0.1,
      {
        what: 'the long one at work'
      }
    )
    await look(app, 'running', { axe: false })
    await pauseNow()
    await look(app, 'paused')
    for (const [width, height] of [
      [900, 600],
      [2560, 1440]
    ] as const) {
      await app.control.resize(width, height)
      await look(app, 'paused', { axe: false, size: `-${width}x${height}` })
    }
    await app.control.resize(1280, 800)
  })

  /** By the route: the button's word is the language's. */
  async function pauseNow(): Promise<void> {
    await app.page.evaluate(() => window.stillwave.queue.pause({}))
    await until(
      async () => (await snapshotOf(app)).queue.run.kind,
      (kind) => kind === 'paused',
      { what: 'a pause' }
    )
  }

  it('preferences, shortcuts, about and diagnostics', async () => {
    for (const command of ['preferences', 'shortcuts', 'about', 'diagnostics']) {
      await app.control.clickMenu(command)
      await app.page.getByRole('dialog').waitFor()
      await look(app, command)
      if (command === 'preferences') {
        await app.page
          .getByText('New versions', { exact: true })
          .or(app.page.getByText('新版本', { exact: true }))
          .scrollIntoViewIfNeeded()
        await look(app, 'preferences-end', { axe: false })
      }
      await app.page.keyboard.press('Escape')
      await app.page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })

  it('the licences, from About, by keyboard', async () => {
    await patch(app, { language: 'en', theme: 'light' })
    await app.control.clickMenu('about')
    await app.page.getByRole('button', { name: 'Licences…' }).press('Enter')
    const dialog = app.page.getByRole('dialog', { name: 'Licences' })
    await dialog.getByRole('button', { name: /^FRCRN-lite/u }).waitFor()
    await dialog.getByRole('textbox').fill('LibriSpeech')
    await dialog.getByText('1 part').waitFor()
    await dialog.getByRole('button', { name: /^FRCRN-lite/u }).press('Enter')
    await dialog.getByText('Apache License', { exact: false }).first().waitFor()
    await look(app, 'licences')
    await app.page.getByRole('textbox').fill('')
    await look(app, 'licences-all', { axe: false })
    await app.page.keyboard.press('Escape')
    await app.page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('a folder that is watched, chosen from the menu, taken from, and let go', async () => {
    const watched = place.folder('Inbox')
    writeRecording(path.join(watched, 'Voice 1.wav'), { durationSec: 0.5 })
    const before = (await jobsOf(app)).length
    await app.control.answerDialog({ kind: 'open', filePaths: [watched] })
    await app.page.getByRole('button', { name: /^(More actions|更多操作)$/u }).click()
    await app.page.getByRole('menuitem', { name: /^(Watch a folder|监视文件夹)/u }).click()
    const notice = app.page.getByTestId('watch-notice')
    await notice.waitFor()
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === before + 1,
      { what: 'the file of the watched folder' }
    )
    await look(app, 'watched')
    await notice.getByRole('button').click()
    await notice.waitFor({ state: 'detached' })
  })

  it('the menu of a file', async () => {
    await row(app, 'Outro.wav').click({ button: 'right' })
    await app.page.getByRole('menu').waitFor()
    await look(app, 'menu', { axe: false })
    await app.page.keyboard.press('Escape')
  })

  it('the end of a batch, and what is known of a file that failed', async () => {
    await app.page.evaluate(() => window.stillwave.queue.resume({}))
    await until(
      () => kindsOf(app),
      (kinds) => (kinds.pending ?? 0) + (kinds.running ?? 0) === 0,
      {
        what: 'the end of the batch',
        withinMs: 55_000
      }
    )
    await noToasts(app)
    await look(app, 'finished')
    await row(app, 'Cut off by the battery.wav').click()
    await app.page.keyboard.press('Enter')
    await look(app, 'failed')
    await row(app, 'Harbour, morning.wav').click()
    await look(app, 'details')
    await app.page.keyboard.press('Escape')
  })

  it('another strength for what is done', async () => {
    await row(app, 'Intro.wav').click({ button: 'right' })
    await app.page.getByRole('menuitem', { name: /Change strength|更改强度/u }).click()
    await app.page.getByTestId('strength-dialog').getByRole('slider').focus()
    await app.page.keyboard.press('PageDown')
    await look(app, 'change-strength')
    await app.page.keyboard.press('Escape')
    await app.page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('a search that finds nothing', async () => {
    await app.page.keyboard.press('Control+f')
    await app.page.waitForFunction(() => document.activeElement?.closest('[role=search]') !== null)
    await app.page.keyboard.type('nobody')
    await look(app, 'nothing-found')
    await app.page.keyboard.press('Escape')
  })
})
