import path from 'node:path'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DevicesView } from '../../src/shared/ipc/deviceViews'
import { ask, button, jobsOf, patch, snapshotOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { writeRecording } from './recordings'
import { look, LOOKS, noToasts, type LookOptions } from './shots'

const MB = 1e6
const BUDGET_MB = 150
const isLinux = process.platform === 'linux' && process.arch === 'x64'

/** Where the model runs and what it may take, from the window. One start of the app. */
describe.skipIf(LAUNCHER === null)('devices and budget in the window', () => {
  const place = new Place()
  let app: LaunchedApp

  beforeAll(async () => {
    writeRecording(path.join(place.folder('in'), 'Harbour.wav'), { durationSec: 20 })
    app = await launchApp({ place })
    await app.control.resize(1280, 800)
    await patch(app, { language: 'en', theme: 'light', showAdvanced: true })
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  const device = (name: string): Locator => app.page.getByTestId(`device-${name}`)
  const budget = (): Locator => app.page.getByTestId('budget-result')
  async function view(): Promise<DevicesView> {
    const answer = await ask(app, 'devices.view', {})
    if (!answer.ok) throw new Error(answer.error.code)
    return answer.data
  }
  /** The words that are looked for are English. */
  async function shots(name: string, options: LookOptions = {}): Promise<void> {
    await look(app, name, options)
    await patch(app, { language: 'en', theme: 'light' })
    await app.page.waitForFunction(() => document.documentElement.lang === 'en')
  }
  async function setBudget(mb: number): Promise<void> {
    const field = app.page.getByRole('spinbutton', { name: 'Memory budget' })
    await field.fill(String(mb))
    await field.press('Tab')
    await until(
      async () => (await snapshotOf(app)).settings.job.budgetMb,
      (stored) => stored === mb,
      { what: `a budget of ${mb} MB` }
    )
  }

  it('lists every device with its state, and what other systems have by name', async () => {
    await app.page.getByTestId('settings-device').getByText('Now CPU: no other device was tried yet.').waitFor()
    await app.control.clickMenu('devices')
    await app.page.getByTestId('devices-dialog').waitFor()
    expect(await device('auto').innerText()).toContain('Now CPU: no other device was tried yet.')
    expect(await device('cpu').innerText()).toContain('Automatic takes this')
    if (!isLinux) return
    expect(await device('cuda').getAttribute('data-state')).toBe('untested')
    expect(await app.page.getByTestId('devices-dialog').innerText()).toContain('On other systems: DirectML, Core ML')
  })

  it('tries the CPU, shows its measured speed, and can be left by the keyboard', async () => {
    await device('cpu').getByRole('button', { name: 'Try CPU' }).focus()
    await app.page.keyboard.press('Enter')
    await app.page.getByTestId('device-task').waitFor()
    await until(view, ({ task, devices }) => task === null && devices.some((one) => one.speed !== null), {
      what: 'the trial of the CPU'
    })
    await until(
      () => device('cpu').innerText(),
      (text) => /[\d.]+× real time · the others are compared with it · \d+ MB of memory/u.test(text),
      { what: 'the measured speed' }
    )
    expect(await device('cpu').getAttribute('data-state')).toBe('right')
  })

  it.skipIf(!isLinux)('says why a device cannot be used here, and does not offer it', async () => {
    const { devices } = await view()
    const cuda = devices.find((one) => one.device === 'cuda')!
    if (cuda.state === 'untested') await device('cuda').getByRole('button', { name: 'Try CUDA' }).click()
    await until(view, ({ task }) => task === null, { what: 'the trial of CUDA' })
    const tried = await until(
      async () => (await view()).devices.find((one) => one.device === 'cuda')!,
      ({ state }) => state !== 'untested',
      { what: 'an answer' }
    )
    // A machine with a card and CUDA's libraries finds it right.
    if (tried.state === 'right') return
    expect(tried.reason).not.toBeNull()
    await until(
      () => device('cuda').innerText(),
      (text) => /Not available: \S/u.test(text),
      { what: 'the reason' }
    )
    expect(await device('cuda').getByRole('button', { name: 'Use CUDA' }).count()).toBe(0)
    await shots('devices')
  })

  it('takes a named device, and says in the status bar that it was named', async () => {
    await device('cpu').getByRole('button', { name: 'Use CPU' }).click()
    await until(
      async () => (await snapshotOf(app)).settings.job.device,
      (chosen) => chosen === 'cpu',
      { what: 'the CPU' }
    )
    await device('auto').getByRole('button', { name: 'Use Automatic' }).click()
    await app.page.keyboard.press('Escape')
    await app.page.getByTestId('devices-dialog').waitFor({ state: 'detached' })
  })

  it('keeps a budget: says what it chooses, and takes no more', async () => {
    await app.page.getByRole('radio', { name: 'Memory budget' }).click()
    await setBudget(BUDGET_MB)
    await until(
      async () => (await budget().getAttribute('data-state')) === 'known' && (await budget().innerText()),
      (text) =>
        text !== false &&
        /Chunks of [\d.]+ s, (?:one after another|\d+ at once)\s+About 1[0-4]\d MB of memory/u.test(text),
      { what: 'what the budget chooses' }
    )
    await noToasts(app)
    await app.page.getByTestId('compute-factor').scrollIntoViewIfNeeded()
    await shots('budget', { looks: [LOOKS[0]!, LOOKS.at(-1)!] })
    const [chunk, batch] = [await budget().getAttribute('data-chunk'), await budget().getAttribute('data-batch')]
    await app.drop([path.join(place.root, 'in')])
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === 1,
      { what: 'the file' }
    )
    await button(app, 'Start').click()
    const [job] = await until(
      () => jobsOf(app),
      ([one]) => one?.status.kind === 'done',
      { what: 'the file, clean' }
    )
    if (job?.status.kind !== 'done') throw new Error('not done')
    const { result } = job.status
    console.info(`budget ${BUDGET_MB} MB: chunks of ${chunk} s × ${batch}, peak ${result.peakRssBytes / MB} MB`)
    expect(result.peakRssBytes).toBeLessThan(BUDGET_MB * MB * 1.1)
    const { facts } = await snapshotOf(app)
    expect(facts?.flight).toMatchObject({ chunkSec: Number(chunk), batch: Number(batch) })
    expect(await app.page.getByTestId('status-device-why').innerText()).toMatch(/^Automatic: /u)
  })

  it('refuses a budget that nothing fits in, with the least that does (every file would fail)', async () => {
    writeRecording(path.join(place.folder('in'), 'Quay.wav'), { durationSec: 2 })
    await setBudget(64)
    await until(
      () => budget().getAttribute('data-state'),
      (state) => state === 'tooSmall',
      { what: 'too small' }
    )
    await app.drop([path.join(place.root, 'in', 'Quay.wav')])
    await app.page.locator('[data-kind="budget"]').waitFor()
    await button(app, 'Start').click()
    await app.page.getByText('The memory budget of 64 MB is too small').last().waitFor()
    expect((await snapshotOf(app)).queue.run.kind).toBe('idle')
    await noToasts(app)
    await shots('budget-small', { looks: [LOOKS[0]!, LOOKS.at(-1)!] })
    await budget()
      .getByRole('button', { name: /^Set \d+ MB$/u })
      .click()
    await until(
      () => budget().getAttribute('data-state'),
      (state) => state === 'known',
      { what: 'a budget that fits' }
    )
  })
})
