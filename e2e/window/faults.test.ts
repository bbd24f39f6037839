import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask, button, filesUnder, fractionOf, jobsOf, kindsOf, patch, snapshotOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { alive, treeOf } from './processTree'
import { isLongForm } from '../longForm'
import { writeRecording } from './recordings'

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
const ended = (kinds: Readonly<Record<string, number>>): boolean => (kinds.pending ?? 0) + (kinds.running ?? 0) === 0

const ofKind = (pid: number, kind: 'renderer' | 'gpu-process'): readonly number[] =>
  treeOf(pid).filter((each) => {
    try {
      return readFileSync(`/proc/${each}/cmdline`, 'utf8').includes(`--type=${kind}`)
    } catch {
      return false // It ended while we looked.
    }
  })

const LONG_MS = 1_800_000

const middleOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

/** RELIABILITY R1, R2, R5, R6, R11, R41: what dies takes nothing with it. */
describe.skipIf(LAUNCHER === null)(
  'when something dies in the middle of a batch',
  { timeout: isLongForm ? LONG_MS : 180_000 },
  () => {
    let place: Place
    let app: LaunchedApp
    let folder: string
    let results: string

    beforeEach(async () => {
      place = new Place()
      folder = place.folder('in')
      results = place.folder('results')
      writeRecording(path.join(folder, '1 short.wav'), { durationSec: 1 })
      writeRecording(path.join(folder, '2 long.wav'), { durationSec: 40, seed: 2 })
      writeRecording(path.join(folder, '3 last.wav'), { durationSec: 2, seed: 3 })
      app = await launchApp({ place })
      await patch(app, { job: { output: { place: 'tree', folder: results, pattern: '{name}' } } })
    })

    afterEach(async () => {
      await app.close()
      place.remove()
    })

    async function startBatch(): Promise<void> {
      await app.drop([folder])
      await until(
        () => kindsOf(app),
        (kinds) => kinds.pending === 3,
        { what: 'three files' }
      )
      await button(app, 'Start').click()
      await until(
        () => fractionOf(app, '2 long.wav'),
        (done) => done !== null && done > (isLongForm ? 0 : 0.1),
        { what: 'work on the long file' }
      )
    }

    async function untilAllDone(): Promise<void> {
      const withinMs = isLongForm ? LONG_MS : 50_000
      const kinds = await until(() => kindsOf(app), ended, { what: 'the end of the batch', withinMs })
      expect(kinds).toEqual({ done: 3 })
      expect(filesUnder(results)).toEqual(['1 short.wav', '2 long.wav', '3 last.wav'])
    }

    it('the engine: its file is begun again, once, and the batch is whole; so it is when main throws where nothing catches it (R10)', async () => {
      await startBatch()
      for (const kind of ['timer', 'rejection'] as const) {
        await app.control.answerDialog({ kind: 'message', response: 0 })
        await app.control.throwInMain(kind)
      }
      await until(
        () => Promise.resolve(place.log()),
        (log) => log.includes('planned: timer') && log.includes('planned: rejection'),
        { what: 'both in the log' }
      )
      const engine = (await app.control.utilities()).find(({ serviceName }) => serviceName.includes('engine'))
      expect(engine).toBeDefined()
      process.kill(engine!.pid, 'SIGKILL')
      await until(
        async () => (await snapshotOf(app)).engine,
        (view) => view.kind === 'ready' && view.pid !== engine!.pid,
        {
          what: 'another engine'
        }
      )
      await untilAllDone()
      expect(alive([engine!.pid])).toEqual([])
      expect((await app.control.dialogs()).length).toBeGreaterThan(0)
      // What a person sends with a question names nobody's recordings and no place of theirs (S20).
      for (const secret of ['short', 'long', path.basename(place.root), place.home])
        expect(place.log(), secret).not.toContain(secret)
    })

    it('the page: the batch goes on, and the new page shows the truth', async () => {
      const took: number[] = []
      if (isLongForm) writeRecording(path.join(folder, '2 long.wav'), { durationSec: 7200, seed: 2 })
      await startBatch()
      const epoch = (await snapshotOf(app)).queue.epoch
      for (let crash = 0; crash < (isLongForm ? 50 : 1); crash++) {
        const before = await fractionOf(app, '2 long.wav')
        took.push(await crashPage())
        await app.page.getByRole('row', { name: '2 long.wav' }).waitFor()
        const { queue, progress } = await snapshotOf(app)
        expect(queue.epoch).toBe(epoch)
        if (queue.run.kind === 'running' && progress.length > 0) {
          const now = await fractionOf(app, '2 long.wav')
          if (now !== null) expect(now).toBeGreaterThanOrEqual(before ?? 0)
        }
      }
      const slowest = Math.max(...took)
      console.info(`a page is back after ${slowest} ms at most, of ${took.length} crashes`)
      expect(slowest).toBeLessThan(10_000)
      await untilAllDone()
      expect(await app.page.getByRole('row').count()).toBe(4)
    })

    /** Until it is back, and what that took. */
    async function crashPage(): Promise<number> {
      // The fourth in a minute comes back only when a person wants it to.
      await app.control.answerDialog({ kind: 'message', response: 0 })
      const startMs = Date.now()
      await app.control.crashRenderer()
      await until(
        () => app.control.pageReady(),
        (ready) => !ready,
        { what: 'the crash' }
      )
      await until(
        () => app.control.pageReady(),
        (ready) => ready,
        { what: 'the page back', withinMs: 10_000 }
      )
      const took = Date.now() - startMs
      await app.reconnect()
      return took
    }

    it.skipIf(process.platform !== 'linux' || LAUNCHER?.kind === 'electron')(
      'nothing, but the page hangs: the batch keeps its speed, and a person may wait or have it again; nor does it need its graphics process (R6, R7)',
      async () => {
        const [many, count] = [place.folder('many'), 13]
        for (let n = 0; n < count; n++)
          writeRecording(path.join(many, `${String(n).padStart(2, '0')}.wav`), { durationSec: 3, seed: n })
        const madeAt = (): number[] =>
          filesUnder(results)
            .filter((name) => name.endsWith('.wav'))
            .map((name) => statSync(path.join(results, name)).ctimeMs)
        const untilMade = (least: number): Promise<number[]> =>
          until(
            () => Promise.resolve(madeAt()),
            (times) => times.length >= least,
            { what: `${least} outputs`, withinMs: 60_000 }
          )
        await app.drop([many])
        await until(
          () => kindsOf(app),
          (kinds) => kinds.pending === count,
          { what: 'the list' }
        )
        await button(app, 'Start').click()
        await untilMade(4)
        const pages = ofKind(app.pid, 'renderer')
        expect(pages.length).toBeGreaterThan(0)
        const stopped = madeAt().length
        for (const pid of pages) process.kill(pid, 'SIGSTOP')
        try {
          await app.control.answerDialog({ kind: 'message', response: 0 })
          await app.control.pageAnswers(false)
          await untilMade(stopped + 5)
        } finally {
          for (const pid of pages) process.kill(pid, 'SIGCONT')
        }
        const again = madeAt().length
        await app.control.pageAnswers(true)
        const questions = (await app.control.dialogs()).map(({ options }) => options.buttons)
        expect(questions).toEqual([['Wait', 'Reload Window']])
        const times = (await untilMade(count)).sort((a, b) => a - b)
        const took = times.slice(1).map((time, n) => time - times[n]!)
        // The first begins the engine; the one at each change belongs to neither.
        const hung = middleOf(took.slice(stopped, again - 1))
        const free = middleOf([...took.slice(1, stopped - 1), ...took.slice(again)])
        console.info(`a file takes ${free.toFixed(0)} ms, and ${hung.toFixed(0)} ms while the page hangs`)
        // The promise is 95 %; a machine that does other work beside this test does not tell that from its own noise.
        expect(hung).toBeLessThanOrEqual(2 * free)
        expect(await kindsOf(app)).toEqual({ done: count })
        await app.control.answerDialog({ kind: 'message', response: 1 })
        await app.control.pageAnswers(false)
        await until(
          () => app.control.pageReady(),
          (ready) => !ready,
          { what: 'the page that is given up' }
        )
        await until(
          () => app.control.pageReady(),
          (ready) => ready,
          { what: 'the page back', withinMs: 10_000 }
        )
        await app.reconnect()
        await app.page.getByRole('row', { name: '00.wav' }).waitFor()
        await outlivesGraphics()
      }
    )

    /** Chromium's graphics process dies three times, and the page goes on each time (R7). */
    async function outlivesGraphics(): Promise<void> {
      for (let n = 0; n < 3; n++) {
        const [gpu] = await until(
          () => Promise.resolve(ofKind(app.pid, 'gpu-process')),
          (pids) => pids.length > 0,
          { what: 'a graphics process' }
        )
        process.kill(gpu!, 'SIGKILL')
        await until(
          () => Promise.resolve(alive([gpu!])),
          (pids) => pids.length === 0,
          { what: 'its end' }
        )
        await app.page.getByRole('row', { name: `0${n}.wav` }).click()
        expect((await app.page.screenshot()).length).toBeGreaterThan(1000)
      }
    }

    it('the whole app (kill -9): the list is there again, and goes on where it was', async () => {
      await startBatch()
      const first = sha256(path.join(results, '1 short.wav'))
      await app.kill()
      app = await launchApp({ place })
      const { recovery } = await snapshotOf(app)
      expect(recovery).toMatchObject({ finished: 1, total: 3 })
      await app.page.getByText('Continue 1 of 3?').waitFor()
      await button(app, 'Continue').click()
      await untilAllDone()
      expect(sha256(path.join(results, '1 short.wav'))).toBe(first)
      expect((await snapshotOf(app)).recovery).toBeNull()
    })

    it('nothing, it is only closed: a person is asked, and the list is there the next time', async () => {
      await startBatch()
      await app.control.answerDialog({ kind: 'message', response: 0 })
      await app.control.closeWindow()
      await until(
        () => app.control.dialogs(),
        (dialogs) => dialogs.length === 1,
        { what: 'the question' }
      )
      expect((await kindsOf(app)).running).toBe(1)
      const took = [await closeWindow()]
      app = await launchApp({ place })
      expect(await jobsOf(app)).toHaveLength(3)
      for (let n = 1; n < (isLongForm ? 50 : 1); n++) {
        await button(app, 'Continue').click()
        await until(
          () => kindsOf(app),
          ({ running = 0 }) => running === 1,
          { what: 'work again' }
        )
        await app.page.waitForTimeout(20 * n)
        took.push(await closeWindow())
        app = await launchApp({ place })
        expect(await jobsOf(app)).toHaveLength(3)
      }
      console.info(`closed within ${Math.max(...took)} ms, ${took.length} times`)
    })

    /** In the middle of the work, and yes to the question. */
    async function closeWindow(): Promise<number> {
      await app.control.answerDialog({ kind: 'message', response: 1 })
      const startMs = Date.now()
      await app.control.closeWindow()
      expect(await app.ended).toBe(0)
      const took = Date.now() - startMs
      expect(took).toBeLessThan(6000)
      expect(filesUnder(results).filter((file) => file.includes('.part'))).toEqual([])
      return took
    }

    it('and a second start hands its files to the first and ends', async () => {
      const starts = isLongForm ? 20 : 1
      const extras = Array.from({ length: starts }, (_, n) =>
        writeRecording(path.join(place.folder('extra'), `from outside ${n}.wav`), { durationSec: 1, seed: n })
      )
      for (const extra of extras)
        await expect(launchApp({ place, args: [extra] })).rejects.toThrow(/ended before it had a window/u)
      const jobs = await until(
        () => jobsOf(app),
        (all) => all.length === starts,
        { what: 'the files of the second starts' }
      )
      expect(jobs.map(({ inputPath }) => inputPath)).toEqual(extras)
      expect(new Set(jobs.map(({ outputPath }) => outputPath)).size).toBe(starts)
      expect((await ask(app, 'queue.remove', { jobIds: jobs.map(({ id }) => id) })).ok).toBe(true)
    })
  }
)
