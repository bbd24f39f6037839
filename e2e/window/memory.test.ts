import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BenchReport, type BenchCell } from '../../src/shared/ipc/benchViews'
import { button, fractionOf, kindsOf, patch, row, snapshotOf, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { writeRecording } from './recordings'
import { look, noToasts, type Look } from './shots'

const LIGHT: Look = { language: 'en', theme: 'light' }

/** What the system says of a process now, in bytes; null where it is gone. */
function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1024
}

describe.skipIf(LAUNCHER === null)('memory, live', () => {
  const place = new Place()
  const folder = place.folder('in')
  let app: LaunchedApp

  const figure = async (id: string): Promise<number> =>
    Number(await app.page.getByTestId('memory-panel').getByTestId(id).getAttribute('data-value'))

  beforeAll(async () => {
    writeRecording(path.join(folder, 'first.wav'), { durationSec: 15, seed: 41 })
    writeRecording(path.join(folder, 'second.wav'), { durationSec: 200, seed: 42 })
    app = await launchApp({ place })
    await patch(app, { dock: 'memory' })
    await app.page.getByTestId('memory-panel').waitFor()
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  it('says in words what cannot be had', async () => {
    await expect(app.page.getByTestId('memory-notes').innerText()).resolves.toMatch(/reports no GPU memory/u)
  })

  it.skipIf(process.platform !== 'linux')("shows the engine's memory within 5 % of what the system says", async () => {
    await app.drop([folder])
    await until(
      () => kindsOf(app),
      ({ pending }) => pending === 2,
      { what: 'two files wait' }
    )
    await button(app, 'Start').click()
    await until(
      () => fractionOf(app, 'second.wav'),
      (done) => done !== null && done > 0.1,
      { what: 'the second file' }
    )
    const { engine } = await snapshotOf(app)
    if (engine.kind !== 'ready' || engine.pid === null) throw new Error('the engine is not ready')
    const off: number[] = []
    for (let look = 0; look < 5; look++) {
      await app.page.waitForTimeout(600)
      const system = residentBytes(engine.pid)
      off.push(Math.abs((await figure('legend-engine')) - system) / system)
    }
    console.info(
      `the graph's engine memory against the system's: off by ${off.map((x) => `${(100 * x).toFixed(1)} %`).join(', ')}`
    )
    expect(off.sort((a, b) => a - b)[2]).toBeLessThan(0.05)
    expect(await figure('memory-peak')).toBeGreaterThanOrEqual(residentBytes(engine.pid) * 0.95)
    expect(await figure('memory-forecast')).toBeGreaterThan(50e6)
    expect(await figure('legend-app')).toBeGreaterThan(50e6)
  })

  it('tells the five measures from the engine itself', async () => {
    const { facts } = await snapshotOf(app)
    expect(facts).toMatchObject({
      loaded: { device: 'cpu', graph: 'stateful', isVerified: true, fileName: 'frcrn-lite.stateful.onnx' },
      precision: 'fp32',
      session: { generation: 1 }
    })
    expect(facts!.session.runs).toBeGreaterThan(10)
    expect(facts!.buffers.givenBack).toBeGreaterThan(facts!.buffers.inUse)
    const sha = await app.page.getByTestId('sha256').getAttribute('data-value')
    expect(sha).toBe(facts!.loaded.sha256)
    const later = await until(
      () => snapshotOf(app),
      (now) => (now.facts?.session.runs ?? 0) > facts!.session.runs,
      { what: 'more runs' }
    )
    // Given back as fast as they are made: what is in use does not grow with the runs.
    expect(later.facts!.buffers.inUse).toBeLessThan(facts!.buffers.inUse + 20)
  })

  it('marks where a file began, and gives a late window the same history', async () => {
    const answer = await app.page.evaluate(() => window.stillwave.metrics.history({}))
    if (!answer.ok) throw new Error(answer.error.code)
    const { samples, marks } = answer.data
    expect(marks.map(({ name }) => name)).toEqual(['first.wav', 'second.wav'])
    const times = samples.map(({ atMs }) => atMs)
    const during = times.filter((atMs) => atMs > marks[0]!.atMs)
    const gaps = during.slice(1).map((atMs, i) => atMs - during[i]!)
    // 2 Hz or better: the median gap, as the machine may be busy.
    expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]).toBeLessThanOrEqual(550)
    await until(
      () => kindsOf(app),
      ({ done }) => done === 2,
      { what: 'both done', withinMs: 60_000 }
    )
  })

  it('measures this machine, and exports the very figures that it shows', { timeout: 400_000 }, async () => {
    const { page } = app
    const shortPath = path.join(place.root, 'quiet.wav')
    writeRecording(shortPath, { durationSec: 12, seed: 43 })
    await app.drop([shortPath])
    await row(app, 'quiet.wav').click()
    await app.control.clickMenu('measure')
    await page.getByTestId('measure-dialog').waitFor()
    await look(app, 'measure-choose', { looks: [LIGHT] })
    await page.getByTestId('bench-material-bundled').click()
    await page.getByTestId('bench-length').getByRole('radio').last().click()
    await page.getByTestId('bench-start').click()
    await page.getByTestId('bench-cancel').waitFor()
    await page.getByTestId('bench-export').waitFor({ timeout: 360_000 })
    await noToasts(app)
    await look(app, 'measure')
    await patch(app, { language: 'en' })
    const target = path.join(place.root, 'measured.json')
    await app.control.answerDialog({ kind: 'save', filePath: target })
    await page.getByTestId('bench-export').click()
    const report = await until(
      () => {
        try {
          return BenchReport.parse(JSON.parse(readFileSync(target, 'utf8')))
        } catch {
          return null
        }
      },
      (read) => read !== null,
      { what: 'the exported report' }
    )
    const rows = report!.rows
    expect(rows.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['peakRss', 'wallTime', 'cpuTime', 'growth', 'siSdr', 'stoi', 'agreement'])
    )
    for (const one of rows) {
      for (const way of ['naive', 'stillwave', 'article'] as const) {
        const shown = await page.getByTestId(`bench-${one.id}-${way}`).getAttribute('data-value')
        expect(shown, `${one.id} ${way}`).toBe(valueOf(one[way]))
      }
    }
    const peak = rows.find(({ id }) => id === 'peakRss')!
    // The product's reason: 20 s of audio in one run against chunks.
    expect(Number(peak.naive)).toBeGreaterThan(2 * Number(peak.stillwave))
    await page.keyboard.press('Escape')
  })
})

function valueOf(cell: BenchCell): string {
  return typeof cell === 'number' ? String(cell) : ''
}
