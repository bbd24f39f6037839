import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeLoopedWav } from '../../scripts/bench/material'
import { RATE_HZ, readAt16k } from '../../scripts/readAt16k'
import { scoreDirs } from '../../scripts/scoreDirs'
import { concat } from '../../src/audio/dsp/concat'
import { LevelMeter } from '../../src/audio/dsp/level'
import { siSdrDb } from '../../src/audio/metrics/siSdr'
import { openSession, type ModelSession } from '../../src/engine/onnx/runtime'
import { runCommand } from '../cli/command.testkit'
import { isLongForm } from '../longForm'

/** The bundled model through the real command with default settings, against clean speech. */
const root = path.resolve(import.meta.dirname, '../..')
const dev = path.resolve(root, '../shared/data/dev')
const present = existsSync(dev)
if (!present) console.info('skipped: the noisy/clean pairs of ../shared/data/dev are not here')

const EDGE = 640
const JOINS = isLongForm ? 4 : 1
/** One pass runs on every n-th pair. */
const ONE_PASS_STEP = isLongForm ? 1 : 3
const FILES_PER_JOIN = 5

/** The whole signal in one run, levelled and padded as the pipeline does: what carried pieces must come up to. */
async function onePass(session: ModelSession, noisy: Float32Array): Promise<Float32Array> {
  const meter = new LevelMeter()
  meter.push(noisy)
  const gain = meter.gain() ?? 1
  const padded = new Float32Array(Math.ceil((noisy.length + 2 * EDGE) / 320) * 320)
  noisy.forEach((sample, i) => (padded[EDGE + i] = sample * gain))
  const out = await session.run({ noisy: { type: 'float32', dims: [1, padded.length], data: padded } })
  return (out.clean!.data as Float32Array).slice(EDGE, EDGE + noisy.length)
}

/** The factor of the clean voice in `out`: under 1 where noise hides it, negative where it is upside down. */
function voiceGain(clean: Float32Array, out: Float32Array): number {
  const power = clean.reduce((sum, sample) => sum + sample * sample, 0)
  return clean.reduce((sum, sample, i) => sum + sample * (out[i] ?? 0), 0) / power
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe.skipIf(!present)('the bundled model on 20 noisy/clean pairs', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-quality-'))
  const names = present ? readdirSync(path.join(dev, 'noisy')).sort() : []

  beforeAll(async () => {
    const outcome = await runCommand([path.join(dev, 'noisy'), '--out', path.join(folder, 'pairs'), '--quiet'])
    expect(outcome.code, outcome.stderr).toBe(0)
  }, 300_000)

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('cleans: SI-SDR at least 9.5 dB and STOI at least 0.817 (catches a wrong level, delay or gate anywhere)', async () => {
    const scores = await scoreDirs(path.join(dev, 'clean'), path.join(folder, 'pairs'))
    expect(scores.files).toHaveLength(20)
    expect(scores.mean.siSdrDb).toBeGreaterThanOrEqual(9.5)
    expect(scores.mean.stoi).toBeGreaterThanOrEqual(0.817)
  }, 120_000)

  it('gives the voice back as it came, neither upside down nor quieter (SI-SDR and STOI hear neither)', async () => {
    const gains: number[] = []
    for (const name of names) {
      const clean = await readAt16k(path.join(dev, 'clean', name))
      gains.push(voiceGain(clean, await readAt16k(path.join(folder, 'pairs', name))))
    }
    console.info(`voice gain ${Math.min(...gains).toFixed(2)} to ${Math.max(...gains).toFixed(2)}`)
    expect(Math.min(...gains)).toBeGreaterThan(0)
    expect(mean(gains)).toBeGreaterThan(0.7)
    expect(mean(gains)).toBeLessThan(1.1)
  }, 120_000)

  it('comes within 0.1 dB of one pass over the whole file, on the pairs and on joins of five (catches gates that drift)', async () => {
    const session = await openSession(path.join(root, 'models/frcrn-lite.onnx'), { device: 'cpu', threads: 1 })
    const load = (kind: string, name: string): Promise<Float32Array> => readAt16k(path.join(dev, kind, name))
    const lost: number[] = []
    for (const name of names.filter((_, i) => i % ONE_PASS_STEP === 0)) {
      const [noisy, clean] = [await load('noisy', name), await load('clean', name)]
      const ours = siSdrDb(clean, await readAt16k(path.join(folder, 'pairs', name)))
      lost.push(siSdrDb(clean, await onePass(session, noisy)) - ours)
    }
    const lostInJoins: number[] = []
    mkdirSync(path.join(folder, 'joins'))
    for (let k = 0; k < JOINS; k++) {
      const part = names.filter((_, i) => i % 4 === k).slice(0, FILES_PER_JOIN)
      const noisy = concat(await Promise.all(part.map((name) => load('noisy', name))))
      const clean = concat(await Promise.all(part.map((name) => load('clean', name))))
      await writeLoopedWav(path.join(folder, 'joins', `${k}.wav`), noisy, { seconds: noisy.length / RATE_HZ })
      const args = [path.join(folder, 'joins', `${k}.wav`), '--out', path.join(folder, 'joined'), '--quiet']
      expect((await runCommand(args)).code).toBe(0)
      const ours = siSdrDb(clean, await readAt16k(path.join(folder, 'joined', `${k}.wav`)))
      lostInJoins.push(siSdrDb(clean, await onePass(session, noisy)) - ours)
    }
    await session.release()
    console.info(`under one pass: ${mean(lost).toFixed(3)} dB on files, ${mean(lostInJoins).toFixed(3)} dB on joins`)
    expect(mean(lost)).toBeLessThanOrEqual(0.1)
    expect(mean(lostInJoins)).toBeLessThanOrEqual(0.1)
  }, 300_000)
})
