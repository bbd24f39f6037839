import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { SelfTest } from '../../shared/ipc/diagnosticsViews'
import { runStillwave } from '../bench/stillwaveRun'
import type { ModelLibrary } from '../models/library'
import type { OpenTransport } from '../processes/engineTransport'

export interface SelfTestOptions {
  readonly samplesFolder: string
  readonly library: Pick<ModelLibrary, 'resolve'>
  readonly openEngine: OpenTransport
  readonly signal: AbortSignal
}

const SECONDS = 1
/** Softer than this, the result is no speech any more. */
const SILENCE_DB = -70

/** One second of the bundled sample through the bundled model, on the CPU, in an engine of its own. What goes wrong is the answer. */
export async function selfTest({ samplesFolder, library, openEngine, signal }: SelfTestOptions): Promise<SelfTest> {
  let folder: string | null = null
  try {
    folder = await mkdtemp(path.join(tmpdir(), 'stillwave-selftest-'))
    const sample = await firstSecond(samplesFolder)
    const inputPath = path.join(folder, 'sample.wav')
    await writeFile(inputPath, sample)
    const { files: model, chunkSec } = await library.resolve(null, { device: 'cpu', precision: 'fp32' })
    const join = model.statefulPath === null ? 'overlap' : 'carried'
    const engine = { model, fullModel: null, device: 'cpu', join, overlapSec: chunkSec / 2 } as const
    const settings = { ...engine, chunkSec, batch: 1, threads: null, ffmpegPath: null }
    const run = { settings, inputPaths: [inputPath], outFolder: folder }
    const { files, device } = await runStillwave(openEngine, run, { signal })
    const result = await readFile(path.join(folder, '0.wav'))
    const [before, after] = [pcm(sample), pcm(result)]
    const [levelBeforeDb, levelAfterDb] = [levelDb(before), levelDb(after)]
    const { audioSec, wallSec, modelSec, peakRssBytes } = files[0]!
    if (before.length !== after.length || before.equals(after) || levelAfterDb < SILENCE_DB) {
      throw new AppError('E_MODEL_OUTPUT', { detail: 'the sample came back cut, unchanged or silent' })
    }
    return { ok: true, device, audioSec, wallSec, modelSec, peakRssBytes, levelBeforeDb, levelAfterDb }
  } catch (thrown) {
    if (signal.aborted) throw new AppError('E_CANCELLED', {}, thrown)
    return { ok: false, error: toAppError(thrown).toPayload() }
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true })
  }
}

/** As a WAV of 16-bit PCM. Throws `E_IO` where there is no sample, `E_CORRUPT` where it is none of that kind. */
async function firstSecond(samplesFolder: string): Promise<Buffer> {
  const [name] = (await readdir(samplesFolder)).filter((one) => one.endsWith('.wav')).sort()
  if (name === undefined) throw new AppError('E_IO', { detail: 'the bundled sample is missing' })
  const bytes = await readFile(path.join(samplesFolder, name))
  const at = dataAt(bytes)
  const bytesPerSecond = bytes.readUInt32LE(28)
  const length = Math.min(SECONDS * bytesPerSecond, bytes.readUInt32LE(at - 4))
  const cut = Buffer.from(bytes.subarray(0, at + length))
  cut.writeUInt32LE(cut.length - 8, 4)
  cut.writeUInt32LE(length, at - 4)
  return cut
}

/** Where a WAV's samples begin. */
function dataAt(bytes: Buffer): number {
  const at = bytes.indexOf('data', 12, 'latin1')
  const format = bytes.indexOf('fmt ', 12, 'latin1')
  if (at < 0 || format < 0 || bytes.readUInt16LE(format + 22) !== 16)
    throw new AppError('E_CORRUPT', { detail: 'the bundled sample' })
  return at + 8
}

function pcm(bytes: Buffer): Buffer {
  const at = dataAt(bytes)
  return bytes.subarray(at, at + bytes.readUInt32LE(at - 4))
}

function levelDb(samples: Buffer): number {
  let sum = 0
  for (let at = 0; at + 1 < samples.length; at += 2) sum += (samples.readInt16LE(at) / 32_768) ** 2
  return 10 * Math.log10(sum / (samples.length / 2) + 1e-12)
}
