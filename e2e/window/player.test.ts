import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Loudness } from './loudnessOf'
import { heard, misfitAt, placeOf, TAP_FRAMES, tapSpeakers, type Found } from './audioTap'
import { fractionOf, kindsOf, patch, row, until } from './driver'
import { launchApp, Place, type LaunchedApp } from './fixture'
import { LAUNCHER } from './launch'
import { writeRecording } from './recordings'
import { readMono } from './readMono'

/** What the player says of itself. */
interface Said {
  readonly signal: string
  readonly isPlaying: boolean
  readonly positionFrames: number
}

const RATE_HZ = 16_000

/** Two rounds of a part. */
function looped(whole: Float32Array, from: number, to: number): Float32Array {
  const twice = new Float32Array(2 * (to - from))
  twice.set(whole.subarray(from, to))
  twice.set(whole.subarray(from, to), to - from)
  return twice
}

describe.skipIf(LAUNCHER === null)('listening to a result', () => {
  const place = new Place()
  const folder = place.folder('talks')
  let app: LaunchedApp
  let original: Float32Array
  let clean: Float32Array

  const said = async (): Promise<Said> => {
    const player = app.page.getByTestId('player')
    const [signal, playing, position] = await Promise.all(
      ['data-signal', 'data-playing', 'data-position-frames'].map((name) => player.getAttribute(name))
    )
    return { signal: signal ?? '', isPlaying: playing === 'true', positionFrames: Number(position) }
  }
  const loopNow = async (): Promise<readonly [number, number]> => {
    const loop = (await app.page.getByTestId('player').getAttribute('data-loop'))?.split('-').map(Number)
    expect(loop).toHaveLength(2)
    return loop as [number, number]
  }
  const press = (key: string): Promise<void> => app.page.keyboard.press(key)
  /** A double click plays by itself; what has come to its end or stands is started. */
  const play = async (): Promise<void> => {
    await app.page.waitForTimeout(700)
    if (!(await said()).isPlaying) await press('Space')
    await until(said, ({ isPlaying }) => isPlaying, { what: 'it plays' })
  }
  /** What is heard now, and where its first half second lies in `whole`. */
  const look = async (
    whole: Float32Array
  ): Promise<{ readonly samples: Float32Array; readonly rateHz: number; readonly place: Found }> => {
    const { positionFrames } = await said()
    const { samples, rateHz } = await heard(app)
    const from = positionFrames - TAP_FRAMES - RATE_HZ
    return { samples, rateHz, place: placeOf(samples.subarray(0, 8000), whole, { from, to: positionFrames + RATE_HZ }) }
  }
  /** Until the signal has been the same for longer than a tap looks back. */
  const settle = (sec = 2.4): Promise<void> => app.page.waitForTimeout(sec * 1000)

  beforeAll(async () => {
    writeRecording(path.join(folder, 'talk.wav'), { durationSec: 60, seed: 11 })
    app = await launchApp({ place })
    await tapSpeakers(app)
    await patch(app, { job: { output: { place: 'beside' } } })
    await app.drop([folder])
    await row(app, 'talk.wav').waitFor()
    await app.page.getByRole('button', { name: 'Start', exact: true }).click()
    await until(
      () => kindsOf(app),
      ({ done }) => done === 1,
      { what: 'the file is done', withinMs: 60_000 }
    )
    original = await readMono(path.join(folder, 'talk.wav'))
    clean = await readMono(path.join(folder, 'talk.clean.wav'))
  })

  afterAll(async () => {
    await app.close()
    place.remove()
  })

  it('opens with a double click on its row and plays what lies in the file', async () => {
    await row(app, 'talk.wav').dblclick()
    await app.page.getByTestId('player').waitFor()
    await app.page.getByTestId('player').focus()
    await patch(app, { matchLoudness: false })
    await play()
    await press('1')
    await press('Home')
    await settle(4)
    const { samples, rateHz, place } = await look(original)
    expect(rateHz).toBe(RATE_HZ)
    expect(place.misfit).toBeLessThan(1e-4)
    expect(place.gain).toBeCloseTo(1, 2)
    // The whole look is one piece: no gap, no repeat.
    expect(misfitAt(samples, original, { at: place.at, step: 1 }).misfit).toBeLessThan(1e-4)
  })

  it('switches at the very sample, without a gap', async () => {
    await press('Home')
    await play()
    await settle(4)
    await press('2')
    await app.page.waitForTimeout(700)
    const { samples, place: before } = await look(original)
    expect(before.misfit).toBeLessThan(1e-4)
    const late = samples.length - 6000
    const after = misfitAt(samples.subarray(late), clean, { at: before.at + late, step: 1 })
    expect(after.misfit).toBeLessThan(1e-4)
    for (const shift of [-1, 1]) {
      const shifted = misfitAt(samples.subarray(late), clean, { at: before.at + late + shift, step: 1 })
      expect(shifted.misfit).toBeGreaterThan(after.misfit * 10)
    }
    // Removed is what is missing: original less clean, sample by sample.
    await press('3')
    await settle()
    const difference = original.map((x, i) => x - clean[i]!)
    const removed = await look(difference)
    expect(removed.place.misfit).toBeLessThan(1e-3)
    expect((await said()).signal).toBe('removed')
  })

  it('plays a loop of two seconds without a seam', async () => {
    await press('1')
    await press('Home')
    await press('ArrowRight')
    await press('l')
    await play()
    await settle(5)
    const [from, to] = await loopNow()
    expect(to - from).toBe(2 * RATE_HZ)
    const { samples } = await heard(app)
    const period = to - from
    // The look is longer than the loop: what is in it twice is the same.
    const twice = samples.length - period
    expect(twice).toBeGreaterThan(500)
    for (let i = 0; i < twice; i++) expect(samples[i]).toBeCloseTo(samples[i + period]!, 5)
    const twoRounds = looped(original, from, to)
    expect(placeOf(samples.subarray(0, 8000), twoRounds).misfit).toBeLessThan(1e-4)
  })

  /** The three signals as they are heard in a loop. */
  const loudnessIn = async ([from, to]: readonly [number, number]): Promise<Readonly<Record<string, number>>> => {
    const loudness = new Loudness(RATE_HZ)
    const measured: Record<string, number> = {}
    for (const [key, signal, whole] of [
      ['1', 'original', original],
      ['2', 'clean', clean],
      ['3', 'removed', original.map((x, i) => x - clean[i]!)]
    ] as const) {
      await press(key)
      await settle(3)
      const { samples } = await heard(app)
      expect((await said()).isPlaying).toBe(true)
      const { at, misfit } = placeOf(samples.subarray(0, 8000), looped(whole, from, to))
      expect(misfit, signal).toBeLessThan(1e-3)
      // One round of the loop as it was heard, turned so that it begins where the loop does.
      const round = samples.subarray(0, to - from)
      const start = at % round.length
      const turned = new Float32Array(round.length)
      turned.set(round.subarray(round.length - start))
      turned.set(round.subarray(0, round.length - start), start)
      measured[signal] = loudness.ofLoop(turned)
    }
    console.info(`loudness of ${from} to ${to}: ${JSON.stringify(measured)}`)
    expect(measured.original).toBeGreaterThan(-60)
    return measured
  }

  it('brings the three to one loudness within 0.5 LU', async () => {
    await patch(app, { matchLoudness: true })
    await app.page.waitForTimeout(800)
    const [from, to] = await loopNow()
    const measured = await loudnessIn([from, to])
    expect(Math.abs(measured.original! - measured.clean!)).toBeLessThan(0.5)
    expect(Math.abs(measured.original! - measured.removed!)).toBeLessThan(0.5)
    // They were not of one loudness before.
    const loudness = new Loudness(RATE_HZ)
    const own = [original, clean].map((signal) => loudness.of(signal.subarray(from, to)))
    expect(Math.abs(own[0]! - own[1]!)).toBeGreaterThan(0.5)
  })

  it('does so for a loop between any two frames (its edges were moved to steps of 100 ms)', async () => {
    const [from] = await loopNow()
    for (const [key, afterSec] of [
      ['[', 0.27],
      [']', 1.63]
    ] as const) {
      const frame = from + afterSec * RATE_HZ
      await until(said, ({ positionFrames: at }) => at > frame && at < frame + 0.25 * RATE_HZ, {
        what: `before ${key}`
      })
      await press(key)
    }
    await app.page.waitForTimeout(800)
    const loop = await loopNow()
    expect(loop[1] - loop[0]).toBeGreaterThan(0.8 * RATE_HZ)
    expect(loop.some((edge) => edge % (RATE_HZ / 10) !== 0)).toBe(true)
    const measured = await loudnessIn(loop)
    expect(Math.abs(measured.original! - measured.clean!)).toBeLessThan(0.1)
    expect(Math.abs(measured.original! - measured.removed!)).toBeLessThan(0.1)
  })

  it('keeps its place over pause, switch and seek', async () => {
    await press('l')
    await press('Space')
    await until(said, ({ isPlaying }) => !isPlaying, { what: 'it stands' })
    const before = await said()
    await press('Tab')
    const after = await said()
    expect(after.positionFrames).toBe(before.positionFrames)
    expect(after.signal).not.toBe(before.signal)
    await press('ArrowLeft')
    expect((await said()).positionFrames).toBe(Math.max(0, before.positionFrames - 5 * RATE_HZ))
  })

  it('plays and switches in the middle of a batch too, at the very sample', async () => {
    const busy = place.folder('busy')
    writeRecording(path.join(busy, 'long.wav'), { durationSec: 400, seed: 12 })
    await app.drop([busy])
    await row(app, 'long.wav').waitFor()
    await app.page.getByRole('button', { name: 'Start', exact: true }).click()
    await until(
      () => fractionOf(app, 'long.wav'),
      (done) => done !== null && done > 0.02,
      { what: 'work on it' }
    )
    await patch(app, { matchLoudness: false })
    await app.page.getByTestId('player').focus()
    await press('1')
    await press('Home')
    await play()
    await settle(4)
    await press('2')
    await app.page.waitForTimeout(700)
    const { samples, place: before } = await look(original)
    expect(before.misfit).toBeLessThan(1e-4)
    const late = samples.length - 6000
    const after = misfitAt(samples.subarray(late), clean, { at: before.at + late, step: 1 })
    expect(after.misfit).toBeLessThan(1e-4)
    // The batch went on all the while.
    expect(await fractionOf(app, 'long.wav')).not.toBeNull()
    await app.page.getByRole('button', { name: 'Stop', exact: true }).click()
  })
})
