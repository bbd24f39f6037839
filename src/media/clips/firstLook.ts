import { KWeighting } from '../../audio/dsp/kWeighting'
import type { Pieces } from '../../audio/io/ffmpeg/shortReads'
import type { Signal } from '../../shared/ipc/playerViews'
import type { ClipFiles } from './clipFiles'
import { COARSE_SLOTS, spreadOrder } from './coarse'
import type { Coarse } from './coarse'

/** Frames of one place: a page of the disk in 16-bit stereo. */
const SLOT_FRAMES = 1024
/** Places read at one time: a disk that seeks may order them. */
const READS_AT_A_TIME = 4
/** A slow disk gets no further; the places looked at until then lie evenly over the clip. */
const PCM_BUDGET_MS = 1500
const POWER_PIECES = 64
const POWER_SEC = 0.5
/** How long the filters need to forget that the piece began in its middle. */
const SETTLE_SEC = 0.1

/** Pieces of a compressed file, how many of them a child fetches, and how many children there are at a time. */
const SEEKS = 32
const SEEKS_OF_CHILD = 8
const SEEK_SEC = 0.5
const SEEK_CHILDREN = 2
/** No child is started after it: on a machine that is too busy the picture has fewer pieces. */
const SEEK_BUDGET_MS = 1500

/** Of the stream that is heard. */
export interface HeardPieces extends Pieces {
  readonly stream: number
}

export interface Look {
  readonly files: ClipFiles
  readonly coarse: Coarse
  /** Pieces of a compressed file, as they are heard. */
  readonly decodePieces: (path: string, pieces: HeardPieces, signal: AbortSignal) => Promise<Float32Array[][]>
  readonly signal: AbortSignal
}

/** Takes samples from all over the clip, evenly from the first on, for as long as a user waits for a first picture. */
export async function takeFirstLook(look: Look): Promise<void> {
  const { original, clean } = look.files
  const isThere = original.state.isWhole && (clean?.state.isWhole ?? true)
  if (isThere) {
    await lookAtPcm(look)
    return
  }
  const parts: Promise<void>[] = []
  for (const signal of ['original', 'clean'] as const) {
    const file = look.files.fileOf(signal)
    if (file === null) continue
    parts.push(file.state.isWhole ? lookAtOne(look, signal) : lookByFfmpeg(look, signal))
  }
  await Promise.all(parts)
}

async function lookAtPcm(look: Look): Promise<void> {
  const { files, coarse } = look
  await eachPlace(spreadOrder(COARSE_SLOTS), look, async (slot) => {
    const pieces = await files.read(coarse.frameOf(slot), SLOT_FRAMES, look.signal)
    for (const { signal, planar } of pieces) coarse.look(signal, slot, planar)
  })
  const frames = Math.round(POWER_SEC * files.sampleRateHz)
  await eachPlace(spreadOrder(POWER_PIECES), look, async (place) => {
    const frame = Math.floor((place * files.frames) / POWER_PIECES)
    const pieces = await files.read(frame, frames, look.signal)
    for (const { signal, planar } of pieces) addPower(look, { signal, planar, frame })
  })
}

/** One file alone, while the other is still compressed. */
async function lookAtOne(look: Look, signal: 'original' | 'clean'): Promise<void> {
  const { files, coarse } = look
  await eachPlace(spreadOrder(COARSE_SLOTS), look, async (slot) => {
    coarse.look(signal, slot, await files.readFile(signal, coarse.frameOf(slot), SLOT_FRAMES, look.signal))
  })
  const frames = Math.round(POWER_SEC * files.sampleRateHz)
  await eachPlace(spreadOrder(POWER_PIECES), look, async (place) => {
    const frame = Math.floor((place * files.frames) / POWER_PIECES)
    addPower(look, { signal, planar: await files.readFile(signal, frame, frames, look.signal), frame })
  })
}

async function eachPlace(
  places: readonly number[],
  look: Look,
  visit: (place: number) => Promise<void>
): Promise<void> {
  const deadlineMs = performance.now() + PCM_BUDGET_MS
  let next = 0
  const walk = async (): Promise<void> => {
    while (next < places.length && performance.now() < deadlineMs && !look.signal.aborted) await visit(places[next++]!)
  }
  await Promise.all(Array.from({ length: READS_AT_A_TIME }, walk))
}

async function lookByFfmpeg(look: Look, signal: 'original' | 'clean'): Promise<void> {
  const slots = spreadOrder(SEEKS).map((place) => (place * COARSE_SLOTS) / SEEKS)
  const deadlineMs = performance.now() + SEEK_BUDGET_MS
  const isOver = (): boolean => look.signal.aborted || performance.now() > deadlineMs
  let next = 0
  const walk = async (): Promise<void> => {
    while (next < slots.length && !isOver()) {
      const some = slots.slice(next, next + SEEKS_OF_CHILD)
      next += SEEKS_OF_CHILD
      await lookAtSome(look, signal, some)
    }
  }
  await Promise.all(Array.from({ length: SEEK_CHILDREN }, walk))
}

async function lookAtSome(look: Look, signal: 'original' | 'clean', slots: readonly number[]): Promise<void> {
  const { files, coarse } = look
  const { sampleRateHz, channels } = files
  const startsSec = slots.map((slot) => (coarse.frameOf(slot) + files.startFrame) / sampleRateHz)
  const file = files.fileOf(signal)!
  const pieces = { startsSec, lengthSec: SEEK_SEC, sampleRateHz, channels, stream: file.stream }
  try {
    const found = await look.decodePieces(file.path, pieces, look.signal)
    for (const [index, planar] of found.entries()) {
      const slot = slots[index]!
      coarse.look(signal, slot, planar)
      addPower(look, { signal, planar, frame: coarse.frameOf(slot) })
    }
  } catch (thrown) {
    // Places that cannot be looked at are no more than that: what is wrong with the file its decoding tells.
    if (!look.signal.aborted) console.error(`no first look: ${String(thrown)}`)
  }
}

interface Heard {
  readonly signal: Signal
  readonly planar: readonly Float32Array[]
  readonly frame: number
}

function addPower(look: Look, { signal, planar, frame }: Heard): void {
  const { sampleRateHz } = look.files
  const settle = Math.round(SETTLE_SEC * sampleRateHz)
  const count = planar[0]!.length
  if (count <= settle) return
  let [power, peak] = [0, 0]
  for (const samples of planar) {
    const weighted = new Float64Array(count)
    new KWeighting(sampleRateHz).process(samples, weighted)
    for (let i = settle; i < count; i++) power += weighted[i]! ** 2
    for (const value of samples) peak = Math.max(peak, Math.abs(value))
  }
  look.coarse.addPower(signal, { frame, power: power / (count - settle), peak })
}
