import { toPeak } from '../../audio/dsp/peakPyramid'
import type { Extremes } from '../../audio/dsp/peakPyramid'
import { AppError } from '../../shared/errors/appError'
import type { Signal } from '../../shared/ipc/playerViews'
import type { MediaValue } from '../protocol'
import type { Clip } from './clip'

/** Read from the file itself: fine views, and ranges that the reading has not come to. */
const MAX_DIRECT_FRAMES = 6 * 2 ** 20
const BLOCK_FRAMES = 32_768

export interface PeaksRequest {
  readonly signal: Signal
  readonly startFrame: number
  readonly endFrame: number
  readonly bins: number
}

/** Peaks of a range. Throws E_BAD_REQUEST for a signal that the clip does not have or an empty range. */
export async function peaksOf(clip: Clip, request: PeaksRequest, abort: AbortSignal): Promise<MediaValue<'peaks'>> {
  assertAskable(clip, request)
  const { startFrame, endFrame, bins } = request
  const end = Math.min(endFrame, clip.frames)
  const isRead = clip.measures.filledFrames >= end
  const isFine = (endFrame - startFrame) / bins < clip.measures.signals.get('original')!.pyramids[0]!.binFrames
  const canRead = endFrame - startFrame <= MAX_DIRECT_FRAMES && clip.files.readyFrames >= end
  if (canRead && (isFine || !isRead)) return { channels: await fromSamples(clip, request, abort), isExact: true }
  if (!isRead) await clip.looked
  abort.throwIfAborted()
  return { channels: fromMeasures(clip, request), isExact: clip.measures.filledFrames >= end }
}

/** Throws E_BAD_REQUEST. */
export function assertSignal(clip: Clip, signal: Signal): void {
  if (signal === 'original' || clip.files.isPair) return
  throw new AppError('E_BAD_REQUEST', { detail: `there is no ${signal} signal` })
}

function assertAskable(clip: Clip, { signal, startFrame, endFrame }: PeaksRequest): void {
  assertSignal(clip, signal)
  if (endFrame > startFrame) return
  throw new AppError('E_BAD_REQUEST', { detail: 'an empty range' })
}

function emptyBins(clip: Clip, bins: number): MediaValue<'peaks'>['channels'] {
  return Array.from({ length: clip.files.channels }, () => ({ min: new Int16Array(bins), max: new Int16Array(bins) }))
}

/** First frame of a bin; the last bin ends where one more would begin. */
function edge({ startFrame, endFrame, bins }: PeaksRequest, bin: number): number {
  return startFrame + Math.floor((bin * (endFrame - startFrame)) / bins)
}

function fromMeasures(clip: Clip, request: PeaksRequest): MediaValue<'peaks'>['channels'] {
  const { signal, bins } = request
  const { pyramids } = clip.measures.signals.get(signal)!
  const filled = clip.measures.filledFrames
  const channels = emptyBins(clip, bins)
  for (const [channel, { min, max }] of channels.entries()) {
    for (let bin = 0; bin < bins; bin++) {
      const from = edge(request, bin)
      const to = Math.min(clip.frames, Math.max(from + 1, edge(request, bin + 1)))
      if (from >= clip.frames) break
      const found: Extremes = { min: Infinity, max: -Infinity }
      if (to <= filled) pyramids[channel]!.collect(from, to, found)
      else clip.coarse.collect({ signal, channel }, [from, to], found)
      min[bin] = found.min > found.max ? 0 : found.min
      max[bin] = found.min > found.max ? 0 : found.max
    }
  }
  return channels
}

/** Exact, sample by sample; a bin between two samples shows the one before it. */
async function fromSamples(
  clip: Clip,
  request: PeaksRequest,
  abort: AbortSignal
): Promise<MediaValue<'peaks'>['channels']> {
  const { signal, bins, startFrame, endFrame } = request
  const channels = emptyBins(clip, bins)
  const found = channels.map(() => ({
    min: new Float32Array(bins).fill(Infinity),
    max: new Float32Array(bins).fill(-Infinity)
  }))
  let bin = 0
  for (let at = startFrame; at < endFrame; at += BLOCK_FRAMES) {
    const count = Math.min(BLOCK_FRAMES, endFrame - at)
    const planar = await clip.files.readSignal(signal, at, count, abort)
    const block = { at, count, firstBin: bin }
    for (const [channel, samples] of planar.entries()) bin = scan(samples, block, { request, ...found[channel]! })
  }
  for (const [channel, { min, max }] of channels.entries()) {
    for (let i = 0; i < bins; i++) {
      min[i] = toPeak(found[channel]!.min[i]!)
      max[i] = toPeak(found[channel]!.max[i]!)
    }
  }
  return channels
}

interface Block {
  readonly at: number
  readonly count: number
  readonly firstBin: number
}

/** Takes a block into all bins that it touches; the bin that goes on in the next block is the answer. */
function scan(
  samples: Float32Array,
  { at, count, firstBin }: Block,
  { request, min, max }: { request: PeaksRequest; min: Float32Array; max: Float32Array }
): number {
  const end = at + count
  let bin = firstBin
  for (; bin < request.bins; bin++) {
    const first = edge(request, bin)
    const last = Math.max(first + 1, edge(request, bin + 1))
    if (first >= end) break
    for (let i = Math.max(0, first - at); i < Math.min(count, last - at); i++) {
      const value = samples[i]!
      if (value < min[bin]!) min[bin] = value
      if (value > max[bin]!) max[bin] = value
    }
    if (last > end) break
  }
  return bin
}
