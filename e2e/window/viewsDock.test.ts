import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { ask, fractionOf, jobsOf, kindsOf, patch, row, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER, ROOT } from './launch'
import { writeRecording } from './recordings'
import { look, LOOKS, noToasts } from './shots'

/** Real speech in real noise, where this machine has it; made recordings elsewhere. */
const REAL = path.join(ROOT, '../shared/data/dev/noisy')
const SAMPLES = path.join(ROOT, 'demo')
const ENGLISH = LOOKS.filter(({ language }) => language === 'en')
const SMALL = '-1000x700'

/** Player, memory and measurement: each with files that were really cleaned, in both languages and themes. */
describe.skipIf(LAUNCHER === null)('every view of the dock', () => {
  const place = new Place()
  const folder = place.folder('Recordings')
  const names = recordings(folder)
  const [shown] = names as [string]
  let app: LaunchedApp

  const press = (key: string): Promise<void> => app.page.keyboard.press(key)
  /** What is heard is drawn: until nothing is read any more. */
  async function drawn(): Promise<void> {
    await app.page.getByTestId('player-reading').waitFor({ state: 'detached' })
    await app.page.waitForTimeout(900)
  }
  async function inBothSizes(view: string): Promise<void> {
    await look(app, view)
    await app.control.resize(1000, 700)
    await app.page.waitForTimeout(400)
    await look(app, view, { size: SMALL, looks: ENGLISH })
    await app.control.resize(1280, 800)
    await app.page.waitForTimeout(400)
  }

  beforeAll(async () => {
    app = await launchApp({ place })
    await app.control.resize(1280, 800)
    await patch(app, { job: { output: { place: 'beside' } } })
    await app.drop([folder])
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === names.length && jobs.every(({ probe }) => probe !== null),
      { what: 'all files, probed' }
    )
    await noToasts(app)
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  it('nothing to hear yet', async () => {
    await patch(app, { dock: 'listen' })
    await app.page.getByTestId('player').waitFor()
    await look(app, 'player-empty', { looks: ENGLISH })
  })

  it('memory in the middle of a batch', { timeout: 120_000 }, async () => {
    await patch(app, { dock: 'memory' })
    await ask(app, 'queue.start', {})
    await until(
      () => fractionOf(app, 'Long talk.wav'),
      (done) => done !== null && done > 0.15,
      { what: 'the long one at work', withinMs: 60_000 }
    )
    await noToasts(app)
    await inBothSizes('memory')
    const graph = await app.page.getByTestId('memory-graph').boundingBox()
    await app.page.mouse.move(graph!.x + graph!.width * 0.8, graph!.y + graph!.height * 0.5)
    await look(app, 'memory-tooltip', { looks: ENGLISH })
    await app.page.mouse.move(10, 10)
    await noToasts(app)
    await app.page.getByTestId('memory-as-table').click()
    await look(app, 'memory-table', { looks: ENGLISH })
    await app.page.getByTestId('memory-as-table').click()
  })

  it('a result that plays', { timeout: 120_000 }, async () => {
    await until(
      () => kindsOf(app),
      (kinds) => (kinds.pending ?? 0) + (kinds.running ?? 0) === 0,
      { what: 'the end of the batch', withinMs: 90_000 }
    )
    await noToasts(app)
    await row(app, shown).dblclick()
    await app.page.getByTestId('player').waitFor()
    await drawn()
    await press('2')
    await inBothSizes('player')
    await press('3')
    await drawn()
    await look(app, 'player-removed', { looks: ENGLISH })
  })

  it('a loop, near, and as a spectrogram alone', async () => {
    await press('2')
    await press('Home')
    await press('ArrowRight')
    await press('l')
    await drawn()
    await look(app, 'player-loop', { looks: ENGLISH })
    await press('l')
    await app.page.getByTestId('now-playing').getByRole('radio').nth(2).click()
    await drawn()
    await look(app, 'player-spectrogram', { looks: ENGLISH })
    await app.page.getByTestId('now-playing').getByRole('radio').nth(0).click()
  })

  it('a blind comparison', async () => {
    await app.page.getByTestId('player-blind').click()
    await look(app, 'player-blind')
    await app.page.getByTestId('player-blind-bar').getByRole('button').first().click()
    await look(app, 'player-blind-told', { looks: ENGLISH })
    await app.page.getByTestId('player-blind-bar').getByRole('button').last().click()
  })

  it('a preview, asked for and made', { timeout: 60_000 }, async () => {
    await app.page.getByTestId('player-preview').click()
    await look(app, 'preview-menu', { looks: ENGLISH })
    await app.page.getByTestId('player-preview-start').click()
    await app.page.getByTestId('preview-done').waitFor({ timeout: 30_000 })
    await drawn()
    await inBothSizes('preview')
  })
})

/** Some short ones and a long one, copied or made; their names, in the list's order. */
function recordings(folder: string): readonly string[] {
  const [from, real] = existsSync(REAL) ? [REAL, readdirSync(REAL).sort().slice(0, 5)] : [SAMPLES, wavs(SAMPLES)]
  for (const name of real) copyFileSync(path.join(from, name), path.join(folder, name))
  writeRecording(path.join(folder, 'Long talk.wav'), { durationSec: 240, seed: 7 })
  return wavs(folder)
}

function wavs(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.wav'))
    .sort((a, b) => a.localeCompare(b, 'en'))
}
