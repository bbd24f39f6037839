import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { button, patch, snapshotOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'

describe.skipIf(LAUNCHER === null)('what a person prefers', () => {
  const place = new Place()
  let app: LaunchedApp

  beforeAll(async () => {
    app = await launchApp({ place })
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  const background = (): Promise<number> =>
    app.page.evaluate(() => {
      const [red = 0, green = 0, blue = 0] = getComputedStyle(document.body)
        .backgroundColor.match(/[\d.]+/gu)!
        .map(Number)
      return red + green + blue
    })

  it('begins in the language and the theme of the system, and follows the theme', async () => {
    await app.page.getByRole('button', { name: 'Add folder' }).first().waitFor()
    await app.control.systemTheme('dark')
    await until(
      () => app.page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches),
      (dark) => dark,
      {
        what: 'a dark page'
      }
    )
    // Colours fade from one theme to the other.
    const dark = await until(background, (sum) => sum < 250, { what: 'a dark background' })
    await app.control.systemTheme('light')
    await until(background, (light) => light > dark, { what: 'a light page' })
  })

  it('takes the keyboard into the settings of a narrow window, and back out of them', async () => {
    await app.control.resize(900, 600)
    await button(app, 'Show settings').click()
    const focused = (): Promise<string | null | undefined> =>
      app.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    await until(focused, (label) => label === 'Hide settings', { what: 'the sheet with the keyboard' })
    await app.page.keyboard.press('Escape')
    await until(focused, (label) => label === 'Show settings', { what: 'the button with the keyboard again' })
    await app.control.resize(1280, 800)
  })

  it('changes the language by hand, in the window and in the menu', async () => {
    await app.page.keyboard.press('Control+Comma')
    const dialog = app.page.getByRole('dialog', { name: 'Preferences' })
    await dialog.waitFor()
    await dialog.getByLabel('Language').click()
    await app.page.getByRole('option', { name: '简体中文' }).click()
    await app.page.getByRole('dialog', { name: '偏好设置' }).or(app.page.getByRole('dialog')).first().waitFor()
    await until(
      () => app.page.evaluate(() => document.documentElement.lang),
      (lang) => lang === 'zh-CN',
      {
        what: 'a Chinese page'
      }
    )
    await until(
      () => app.control.menu(),
      (menu) => menu.some(({ label }) => /\p{Script=Han}/u.test(label)),
      {
        what: 'a Chinese menu'
      }
    )
    await app.page.keyboard.press('Escape')
  })

  it('keeps settings, language, theme and size over a restart', async () => {
    await patch(app, {
      theme: 'dark',
      sound: true,
      whenDone: 'quit',
      job: {
        chunkSec: 4,
        strengthPercent: 80,
        output: { place: 'subfolder', subfolder: 'geputzt', pattern: '{name} sauber' }
      }
    })
    await app.control.resize(1100, 700)
    await app.page.waitForTimeout(700)
    const before = (await snapshotOf(app)).settings
    await app.close()
    app = await launchApp({ place })
    expect((await snapshotOf(app)).settings).toEqual(before)
    expect(before).toMatchObject({ theme: 'dark', language: 'zh-CN', job: { chunkSec: 4, strengthPercent: 80 } })
    expect(await app.page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(true)
    expect((await app.control.windowState())?.size).toEqual([1100, 700])
    expect(await app.page.evaluate(() => document.documentElement.lang)).toBe('zh-CN')
  })

  it('begins in Chinese on a Chinese system', async () => {
    const other = new Place()
    const chinese = await launchApp({ place: other, locale: 'zh-CN' })
    try {
      await until(
        () => chinese.page.evaluate(() => document.documentElement.lang),
        (lang) => lang === 'zh-CN',
        {
          what: 'a Chinese page'
        }
      )
    } finally {
      await chinese.close()
      other.remove()
    }
  })
})
