import { gatedLufs, integratedLufs } from '../../audio/dsp/loudness'
import { AppError } from '../../shared/errors/appError'
import type { LoudnessView, Signal, SignalLoudness } from '../../shared/ipc/playerViews'
import type { Clip } from './clip'
import { loudnessOfRange, MAX_RANGE_SEC } from './rangeLoudness'

export interface LoudnessRequest {
  readonly startFrame: number
  readonly endFrame: number
}

/** Loudness of a range of all signals: of a short one exactly, of a long one from what was read, else from the first look. Throws E_BAD_REQUEST for an empty range. */
export async function loudnessOf(clip: Clip, request: LoudnessRequest, abort: AbortSignal): Promise<LoudnessView> {
  if (request.endFrame <= request.startFrame) throw new AppError('E_BAD_REQUEST', { detail: 'an empty range' })
  const end = Math.min(request.endFrame, clip.frames)
  const isShort = end - request.startFrame <= MAX_RANGE_SEC * clip.files.sampleRateHz
  if (isShort && clip.files.readyFrames >= end) return exact(clip, { ...request, endFrame: end }, abort)
  if (clip.measures.filledFrames < end) await clip.looked
  abort.throwIfAborted()
  const isExact = clip.measures.filledFrames >= end
  const of = (signal: Signal): SignalLoudness =>
    isExact ? measured(clip, signal, request) : estimated(clip, signal, request)
  const { isPair } = clip.files
  return {
    original: of('original'),
    clean: isPair ? of('clean') : null,
    removed: isPair ? of('removed') : null,
    isExact
  }
}

async function exact(clip: Clip, request: LoudnessRequest, abort: AbortSignal): Promise<LoudnessView> {
  const found = await loudnessOfRange(clip.files, request, abort)
  return {
    original: found.get('original')!,
    clean: found.get('clean') ?? null,
    removed: found.get('removed') ?? null,
    isExact: true
  }
}

function measured(clip: Clip, signal: Signal, { startFrame, endFrame }: LoudnessRequest): SignalLoudness {
  const { powers, peaks } = clip.measures.signals.get(signal)!
  const { stepFrames } = clip.measures
  const last = Math.min(powers.length, Math.ceil(endFrame / stepFrames))
  let peak = 0
  for (let step = Math.floor(startFrame / stepFrames); step < last; step++) peak = Math.max(peak, peaks[step]!)
  // Only whole steps count: the last of a file is seldom one.
  const whole = Math.min(Math.floor(endFrame / stepFrames), Math.floor(clip.frames / stepFrames))
  return { lufs: integratedLufs(powers, Math.ceil(startFrame / stepFrames), whole), peak }
}

function estimated(clip: Clip, signal: Signal, { startFrame, endFrame }: LoudnessRequest): SignalLoudness {
  const seen = clip.coarse.powersIn(signal, startFrame, endFrame)
  const hasOwn = signal !== 'removed' || seen.length > 0
  if (hasOwn) return { lufs: gatedLufs(seen.map(({ power }) => power)), peak: highest(seen.map(({ peak }) => peak)) }
  // Pieces that do not lie sample on sample: the difference of the mean powers.
  const original = estimated(clip, 'original', { startFrame, endFrame })
  const clean = estimated(clip, 'clean', { startFrame, endFrame })
  const power = linear(original.lufs) - linear(clean.lufs)
  const peak = Math.sqrt(Math.max(0, original.peak ** 2 - clean.peak ** 2))
  return { lufs: power > 0 ? 10 * Math.log10(power) : null, peak }
}

function linear(lufs: number | null): number {
  return lufs === null ? 0 : 10 ** (lufs / 10)
}

function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0)
}
