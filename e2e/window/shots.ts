import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type axe from 'axe-core'
import { expect } from 'vitest'
import { patch } from './driver'
import type { LaunchedApp } from './fixture'
import { ROOT } from './launch'
import { isLongForm } from '../longForm'

const SHOTS = path.join(ROOT, 'e2e-screenshots')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export interface Look {
  readonly language: 'en' | 'zh-CN'
  readonly theme: 'light' | 'dark'
}

const ALL_LOOKS: readonly Look[] = (['en', 'zh-CN'] as const).flatMap((language) =>
  (['light', 'dark'] as const).map((theme) => ({ language, theme }))
)

/** Both languages and both themes; every pair of them in the long form and for `npm run screenshots`. */
export const LOOKS: readonly Look[] = ALL_LOOKS.filter(
  ({ language, theme }) => isLongForm || (language === 'en') === (theme === 'light')
)

export interface LookOptions {
  readonly axe?: boolean
  readonly size?: string
  readonly looks?: readonly Look[]
}

/** Saves the window in each language and theme, where a person can look, and has axe read it as a screen reader would. */
export async function look(app: LaunchedApp, view: string, options: LookOptions = {}): Promise<void> {
  mkdirSync(SHOTS, { recursive: true })
  for (const { language, theme } of options.looks ?? LOOKS) {
    await patch(app, { language, theme })
    await app.page.waitForFunction(
      ([lang, dark]) =>
        document.documentElement.lang === lang && matchMedia('(prefers-color-scheme: dark)').matches === dark,
      [language, theme === 'dark'] as const
    )
    await app.page.waitForTimeout(250)
    const name = `${view}-${language}-${theme}${options.size ?? ''}.png`
    await app.page.screenshot({ path: path.join(SHOTS, name), caret: 'initial' })
    if (options.axe !== false) await readByAxe(app, `${view}, ${language}, ${theme}`)
  }
}

/** They come over what is to be seen, and in the language of their moment. */
export async function noToasts(app: LaunchedApp): Promise<void> {
  await app.page.waitForTimeout(300)
  const close = app.page.locator('button[aria-label="Close notice"], button[aria-label="关闭通知"]')
  for (let count = await close.count(); count > 0; count = await close.count()) {
    await close.first().click()
    await app.page.waitForTimeout(100)
  }
}

/** No serious finding. Evaluated by the test's own protocol: the page's policy stays as it is. */
async function readByAxe(app: LaunchedApp, what: string): Promise<void> {
  if (!(await app.page.evaluate(() => 'axe' in window))) await app.page.evaluate(AXE)
  const findings = await app.page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
      resultTypes: ['violations']
    })
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .map(({ html }) => html.slice(0, 140))
            .slice(0, 3)
            .join(' | ')}`
      )
  })
  expect(findings, what).toEqual([])
}
