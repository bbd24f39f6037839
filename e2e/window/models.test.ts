import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PickleWriter, torchArchive, zipOf } from '../../src/engine/model/checkpoint/torchFiles.testkit'
import { formulaStateDict } from '../../src/engine/model/formulaWeights'
import type { ModelShelf } from '../../src/shared/ipc/modelViews'
import { button, filesUnder, jobsOf, patch, snapshotOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { appWithOffer, ModelShop } from './modelShop'
import { writeRecording } from './recordings'
import { look, LOOKS, noToasts, type LookOptions } from './shots'

/** Either language, either theme: each picture costs a second. */
const BOTH = [LOOKS[0]!, LOOKS.at(-1)!]
/** Conversion and check start processes of their own, on a machine that may be busy. */
const MADE = { timeout: 45_000 }

/** Models from the window: the first start, import, use, FP16, download with a break, removal. One app, started twice. */
describe.skipIf(LAUNCHER === null)('models in the window', () => {
  const place = new Place()
  const weights = path.join(place.folder('weights'), 'Quiet room.pt')
  const evil = path.join(place.folder('weights'), 'Free model.pt')
  const wav = path.join(place.folder('in'), 'Harbour.wav')
  let shop: ModelShop
  let out: string
  let app: LaunchedApp

  beforeAll(async () => {
    writeFileSync(weights, torchArchive(formulaStateDict({ channels: 4, cascade: 1 })))
    const calling = new PickleWriter().global('os', 'system').op('(').text('true').op('tR').end()
    writeFileSync(evil, zipOf([{ name: 'x/data.pkl', data: calling }]))
    writeRecording(wav, { durationSec: 2 })
    shop = await ModelShop.open(torchArchive(formulaStateDict({ channels: 6, cascade: 1 })))
    out = appWithOffer(place.folder('app'), shop)
    app = await launchApp({ place, out, isFirst: true })
    await app.control.resize(1280, 800)
  })

  afterAll(async () => {
    await app.close()
    await shop.close()
    place.remove()
  })

  const shelf = async (): Promise<ModelShelf> => (await snapshotOf(app)).shelf
  const view = (): Locator => app.page.getByTestId('models-dialog')
  const model = (id: string): Locator => app.page.getByTestId(`model-${id}`)
  const engine = (): Promise<string> => app.page.getByTestId('status-engine').innerText()

  async function openView(): Promise<void> {
    await app.control.clickMenu('models')
    await view().waitFor()
  }
  async function denoised(): Promise<void> {
    await button(app, 'Start').click()
    await until(
      () => jobsOf(app),
      (jobs) => jobs.every(({ status }) => status.kind === 'done'),
      { what: 'the file, clean' }
    )
  }
  const inView = (what: Locator): Promise<boolean> =>
    what.evaluate((element) => {
      const { left, top } = element.getBoundingClientRect()
      return element.contains(document.elementFromPoint(left + 20, top + 10))
    })
  /** The words that are looked for are English. */
  async function shots(name: string, options: LookOptions = {}): Promise<void> {
    await look(app, name, options)
    await patch(app, { language: 'en', theme: 'light' })
    await app.page.waitForFunction(() => document.documentElement.lang === 'en')
  }

  it('welcomes once, and never again (a question at every start)', async () => {
    await app.page.getByTestId('welcome').waitFor()
    await shots('welcome', { looks: BOTH })
    await app.control.resize(900, 600)
    await shots('welcome', { size: '-small', looks: [{ language: 'en', theme: 'light' }] })
    await app.control.resize(1280, 800)
    await app.page.getByTestId('welcome-start').click()
    await app.page.getByTestId('welcome').waitFor({ state: 'detached' })
    await app.close()
    app = await launchApp({ place, out, isFirst: true })
    await app.control.resize(1280, 800)
    await button(app, 'Add folder').first().waitFor()
    expect(await app.page.getByTestId('welcome').count()).toBe(0)
  })

  it('imports weights of a drop, takes the recording of the same drop into the list, and refuses a program from the dialog', async () => {
    await app.drop([weights, wav])
    await view().waitFor()
    await app.control.answerDialog({ kind: 'open', filePaths: [evil] })
    await app.page.getByTestId('models-import').click()
    const refused = app.page.locator('[data-end="failed"]')
    await refused.waitFor(MADE)
    expect(await refused.innerText()).toContain('Free model.pt was not imported')
    expect(await refused.innerText()).toContain('was not opened. Get the model from its authors.')
    await model('quiet-room').waitFor(MADE)
    await until(shelf, ({ tasks }) => tasks.every(({ state }) => state.kind !== 'running'), { what: 'the import' })
    const { models } = await shelf()
    expect(models.find(({ id }) => id === 'quiet-room')).toMatchObject({
      kind: 'checkpoint',
      sourceFileName: 'Quiet room.pt',
      precisions: ['fp32', 'fp16'],
      selfChecks: [{ device: 'cpu', isTrusted: true }]
    })
    expect(await model('quiet-room').innerText()).toMatch(/FP16 matches FP32 to \d+ dB on this CPU/u)
    expect((await jobsOf(app)).map(({ inputPath }) => inputPath)).toEqual([wav])
    // What was asked for at the foot is answered at the head, where it is seen.
    await until(() => inView(refused), Boolean, { what: 'the refusal in view' })
    await shots('models-refused', { looks: [LOOKS[0]!] })
  })

  it('uses it in FP16, as the status bar says', async () => {
    await view().getByRole('button', { name: 'Use Quiet room' }).last().click()
    await app.page.keyboard.press('Escape')
    const precision = app.page.getByTestId('precision-field')
    await precision.getByRole('radio', { name: 'FP16' }).click()
    expect(await precision.innerText()).toMatch(/FP16 matches FP32/u)
    await until(
      async () => (await snapshotOf(app)).settings.job,
      ({ modelId, precision: chosen }) => modelId === 'quiet-room' && chosen === 'fp16',
      { what: 'the settings' }
    )
    await app.page.evaluate(async () => window.stillwave.queue.applySettings({}))
    await denoised()
    expect(await engine()).toMatch(/^CPU · \d+ threads? · FP16$/u)
    expect(filesUnder(path.dirname(wav))).toEqual(['Harbour.clean.wav', 'Harbour.wav'])
    await noToasts(app)
    await shots('settings-fp16', { looks: BOTH })
  })

  it('downloads with a break: goes on where it was, and installs what came', async () => {
    await openView()
    const offer = app.page.getByTestId('offer-harbour')
    await offer.getByRole('button', { name: /^Download Harbour/u }).click()
    await until(
      async () => (await shelf()).tasks.find(({ kind }) => kind === 'download')?.state,
      (state) => state?.kind === 'running' && (state.fraction ?? 0) > 0.45,
      { what: 'half of the download' }
    )
    await offer.scrollIntoViewIfNeeded()
    await shots('models', { looks: BOTH })
    await offer.getByRole('button', { name: 'Cancel: Harbour' }).click()
    await until(shelf, ({ tasks }) => tasks.every(({ state }) => state.kind !== 'running'), { what: 'the end of it' })
    expect(await offer.innerText()).toMatch(/(?:49|50)% of it is here/u)
    shop.isHolding = false
    await offer.getByRole('button', { name: 'Go on with the download of Harbour' }).click()
    await model('harbour').waitFor(MADE)
    expect(shop.ranges).toEqual([undefined, `bytes=${shop.bytes.length >> 1}-`])
    expect(await model('harbour').innerText()).toContain('CC0-1.0')
  })

  it('removes it after asking, with all its files, and goes back to the light model', async () => {
    await model('quiet-room').getByRole('button', { name: 'Remove Quiet room' }).click()
    await app.page.keyboard.press('Escape')
    expect(await button(app, 'Keep').count()).toBe(0)
    await model('quiet-room').getByRole('button', { name: 'Remove Quiet room' }).click()
    await shots('models-remove', { looks: [{ language: 'en', theme: 'light' }] })
    await button(app, 'Remove').click()
    await model('quiet-room').waitFor({ state: 'detached' })
    const left = filesUnder(path.join(place.userData, 'models')).filter((name) => name.startsWith('quiet-room'))
    expect(left).toEqual([])
    await until(
      async () => (await snapshotOf(app)).settings.job,
      ({ modelId, chunkSec }) => modelId === 'frcrn-lite' && chunkSec === 1,
      { what: 'the light model' }
    )
  })

  it('names a damaged model when it is looked at', async () => {
    const file = filesUnder(path.join(place.userData, 'models')).find((name) => name.endsWith('.onnx'))!
    const full = path.join(place.userData, 'models', file)
    const bytes = readFileSync(full)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(full, bytes)
    await model('harbour').getByRole('button', { name: 'Check the files of Harbour' }).click()
    await app.page.getByTestId('model-problem').waitFor()
    expect(await model('harbour').innerText()).toContain('Harbour cannot be used')
    await app.page.getByTestId('model-problem').scrollIntoViewIfNeeded()
    await shots('models-damaged', { looks: [LOOKS.at(-1)!] })
  })
})
