import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { button, jobsOf, p95, row, snapshotOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { recordingBytes, writeRecording } from './recordings'

const MANY = 10_000

describe.skipIf(LAUNCHER === null)('the list', () => {
  const place = new Place()
  const few = place.folder('few')
  const many = place.folder('many')
  let app: LaunchedApp

  beforeAll(async () => {
    for (const name of ['a', 'b', 'c', 'd']) writeRecording(path.join(few, `${name}.wav`), { durationSec: 0.5 })
    const bytes = recordingBytes({ durationSec: 0.05 })
    for (let i = 0; i < MANY; i++) {
      const folder = path.join(many, String(i % 20).padStart(2, '0'))
      if (i < 20) mkdirSync(folder)
      writeFileSync(path.join(folder, `${String(i).padStart(5, '0')}.wav`), bytes)
    }
    app = await launchApp({ place })
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  const order = async (): Promise<string> =>
    (await jobsOf(app)).map(({ inputPath }) => path.basename(inputPath, '.wav')).join('')

  /** The key goes to the menu in main, and its command comes back to the page. */
  async function find(text: string): Promise<void> {
    await app.page.keyboard.press('Control+f')
    await app.page.waitForFunction(() => document.activeElement?.closest('[role=search]') !== null)
    await app.page.keyboard.type(text)
  }

  it('is put in another order by the keyboard and by the mouse, and main knows', async () => {
    await app.drop([few])
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === 4,
      { what: 'four files' }
    )
    expect(await order()).toBe('abcd')
    await row(app, 'd.wav').click()
    await app.page.keyboard.press('Alt+ArrowUp')
    await until(order, (seen) => seen === 'abdc', { what: 'd before c' })
    await row(app, 'a.wav').click()
    await app.page.keyboard.press('Shift+ArrowDown')
    await app.page.keyboard.press('Alt+ArrowDown')
    await until(order, (seen) => seen === 'dabc', { what: 'a and b after d' })
    const [from, to] = await Promise.all([row(app, 'c.wav').boundingBox(), row(app, 'd.wav').boundingBox()])
    await app.page.mouse.move(from!.x + 60, from!.y + 12)
    await app.page.mouse.down()
    await app.page.mouse.move(to!.x + 60, to!.y + 20, { steps: 5 })
    await app.page.mouse.move(to!.x + 60, to!.y + 2, { steps: 3 })
    await app.page.mouse.up()
    await until(order, (seen) => seen === 'cdab', { what: 'c in front' })
  })

  it('is sorted by the keyboard, and its order comes back', async () => {
    const head = app.page.getByRole('columnheader', { name: 'Name' })
    await app.page.getByRole('columnheader', { name: 'Folder' }).getByRole('button').focus()
    await app.page.keyboard.press('ArrowLeft')
    for (const sorted of ['ascending', 'descending', 'none']) {
      await app.page.keyboard.press('Enter')
      await until(
        () => head.getAttribute('aria-sort'),
        (seen) => seen === sorted,
        { what: sorted }
      )
    }
    expect(await app.page.getByRole('region', { name: 'Details' }).count()).toBe(0)
  })

  it('gives names more room by the mouse, and takes it back by the keyboard', async () => {
    await app.control.resize(1600, 800)
    const edge = app.page.getByTestId('name-edge')
    const name = app.page.getByRole('columnheader', { name: 'Name' })
    const widthPx = async (): Promise<number> => (await name.boundingBox())!.width
    await until(widthPx, (px) => px > 280, { what: 'a wide window' })
    const [at, before] = [(await edge.boundingBox())!, await widthPx()]
    await app.page.mouse.move(at.x + at.width / 2, at.y + 10)
    await app.page.mouse.down()
    await app.page.mouse.move(at.x + at.width / 2 + 40, at.y + 10, { steps: 4 })
    await app.page.mouse.up()
    await until(widthPx, (px) => Math.abs(px - before - 40) < 3, { what: 'a wider name' })
    await edge.focus()
    await app.page.keyboard.press('ArrowLeft')
    await until(widthPx, (px) => Math.abs(px - before - 16) < 3, { what: 'a narrower name' })
    await edge.dblclick()
    await until(widthPx, (px) => Math.abs(px - before) < 3, { what: 'the width that it had' })
    expect(await name.getAttribute('aria-sort')).toBe('none')
    await app.control.resize(1280, 800)
  })

  it('is searched, filtered, and emptied by the keyboard', async () => {
    await find('b.wav')
    await until(
      () => app.page.getByRole('row').count(),
      (count) => count === 2,
      { what: 'one row under the head' }
    )
    await app.page.keyboard.press('Escape')
    await row(app, 'a.wav').click()
    await app.page.keyboard.press('Control+a')
    await app.page.keyboard.press('Delete')
    await until(
      () => jobsOf(app),
      (jobs) => jobs.length === 0,
      { what: 'an empty list' }
    )
  })

  it('takes ten thousand files and stays quick: they are in within seconds, few rows are drawn, it scrolls', async () => {
    await app.control.watchLoop()
    const startMs = Date.now()
    await app.drop([many])
    await app.page.waitForFunction(
      (count) => document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') === String(count + 1),
      MANY,
      { timeout: 40_000 }
    )
    const addedMs = Date.now() - startMs
    const loop = await app.control.loopDelay()
    expect(await app.page.getByRole('row').count()).toBeLessThan(120)
    const frames = await scroll(app)
    const mainMb = Math.round((await app.control.memory()) / 1e6)
    console.info(
      `${MANY} files added and shown in ${addedMs} ms; main's loop p95 ${loop.p95} ms, max ${loop.max} ms; ` +
        `frames while scrolling p95 ${p95(frames).toFixed(0)} ms; main ${mainMb} MB`
    )
    expect(addedMs).toBeLessThan(20_000)
    expect(p95(frames)).toBeLessThan(250)
    expect(mainMb).toBeLessThan(300)
    expect(await app.page.getByRole('row').count()).toBeLessThan(120)
  })

  it('finds one among ten thousand, and forgets them all at once', async () => {
    await find('07777')
    await row(app, '07777.wav').waitFor()
    await until(
      () => app.page.getByRole('row').count(),
      (count) => count === 2,
      { what: 'one row under the head' }
    )
    await app.page.keyboard.press('Escape')
    await until(
      () => app.page.getByRole('row').count(),
      (count) => count > 5,
      { what: 'all rows' }
    )
    await app.page.getByRole('row').nth(2).click()
    await app.page.keyboard.press('Control+a')
    await app.page.keyboard.press('Delete')
    await until(
      async () => (await snapshotOf(app)).queue.jobs.length,
      (count) => count === 0,
      {
        what: 'an empty list',
        withinMs: 20_000
      }
    )
    await button(app, 'Add folder').first().waitFor()
  })
})

/** A person's wheel for two seconds: the time of each frame, in the page. */
async function scroll(app: LaunchedApp): Promise<readonly number[]> {
  const grid = await app.page.locator('[role=grid]').boundingBox()
  await app.page.mouse.move(grid!.x + 200, grid!.y + 200)
  await app.page.evaluate(() => {
    const times: number[] = []
    let lastMs = performance.now()
    const tick = (nowMs: number): void => {
      times.push(nowMs - lastMs)
      lastMs = nowMs
      if (times.length < 2000) requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
    Object.assign(window, { frameTimes: times })
  })
  for (let i = 0; i < 40; i++) {
    await app.page.mouse.wheel(0, 1200)
    await app.page.waitForTimeout(40)
  }
  const first = await app.page.getByRole('row').nth(5).getAttribute('aria-rowindex')
  expect(Number(first)).toBeGreaterThan(500)
  return app.page.evaluate(() => (window as unknown as { frameTimes: number[] }).frameTimes)
}
