import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobsOf, kindsOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { writeRecording } from './recordings'

/** A person without a mouse: every step by keys alone; menu accelerators are pressed as the menu does (the host has no native menu). */
describe.skipIf(LAUNCHER === null)('by keyboard only', () => {
  const place = new Place()
  const folder = place.folder('meeting')
  let app: LaunchedApp

  const press = (key: string): Promise<void> => app.page.keyboard.press(key)
  const focused = (): Promise<string> =>
    app.page.evaluate(() => {
      const here = document.activeElement
      return `${here?.tagName ?? ''} ${here?.getAttribute('role') ?? ''} ${here?.getAttribute('data-testid') ?? ''}`
    })

  beforeAll(async () => {
    writeRecording(path.join(folder, 'a.wav'), { durationSec: 6, seed: 51 })
    writeRecording(path.join(folder, 'b.wav'), { durationSec: 6, seed: 52 })
    app = await launchApp({ place })
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  it('adds a folder, starts it, plays a result, switches, and leaves', async () => {
    await app.control.answerDialog({ kind: 'open', filePaths: [folder] })
    await app.control.clickMenu('addFolder')
    await until(
      () => kindsOf(app),
      ({ pending }) => pending === 2,
      { what: 'two files wait' }
    )
    await app.control.clickMenu('start')
    await until(
      () => kindsOf(app),
      ({ done }) => done === 2,
      { what: 'both done', withinMs: 60_000 }
    )
    // To the list by Tab.
    for (let step = 0; step < 40 && !(await focused()).includes('grid') && !(await focused()).includes('row'); step++) {
      await press('Tab')
    }
    await press('ArrowDown')
    await press('Enter')
    const player = app.page.getByTestId('player')
    await player.waitFor()
    await until(focused, (here) => here.includes('player'), { what: 'the keyboard is in the player' })
    // A result plays by itself once enough of it is read; a press in that very moment stops it again.
    const plays = (): Promise<boolean> =>
      player
        .and(app.page.locator('[data-playing=true]'))
        .waitFor({ timeout: 5000 })
        .then(
          () => true,
          () => false
        )
    for (let tries = 0; !(await plays()); tries++) {
      if (tries === 5) throw new Error('it does not play')
      await press('Space')
    }
    const before = await player.getAttribute('data-signal')
    await press('Tab')
    await until(
      () => player.getAttribute('data-signal'),
      (signal) => signal !== before,
      { what: 'another signal' }
    )
    await press('Space')
    await until(
      () => player.getAttribute('data-playing'),
      (playing) => playing === 'false',
      { what: 'it stands' }
    )
    await press('Escape')
    expect(await focused()).not.toContain('player')
    expect((await jobsOf(app)).every(({ status }) => status.kind === 'done')).toBe(true)
  })
})
