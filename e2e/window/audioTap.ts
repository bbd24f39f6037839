import type { LaunchedApp } from './fixture'

/** Samples in one look at what the sound card gets: the longest that Chromium keeps. */
export const TAP_FRAMES = 32_768

/**
 * Listens in at whatever the page connects to its speakers, in the audio graph itself. The page is not changed: `connect` of
 * the browser also connects to an analyser. To be called before the player makes its context.
 */
export async function tapSpeakers(app: LaunchedApp): Promise<void> {
  await app.page.evaluate((frames) => {
    const page = window as unknown as { stillwaveTap: AnalyserNode | null; stillwaveTapped?: true }
    if (page.stillwaveTapped) return
    page.stillwaveTapped = true
    page.stillwaveTap = null
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const connect = AudioNode.prototype.connect as (this: AudioNode, ...all: unknown[]) => unknown
    AudioNode.prototype.connect = function (this: AudioNode, ...all: unknown[]): never {
      const [target] = all
      if (target instanceof AudioDestinationNode) {
        const tap = new AnalyserNode(this.context, { fftSize: frames })
        connect.call(this, tap)
        page.stillwaveTap = tap
      }
      return connect.apply(this, all) as never
    }
  }, TAP_FRAMES)
}

/** The last samples that went to the speakers, oldest first (mono: the mean of the channels), and their rate. */
export async function heard(app: LaunchedApp): Promise<{ readonly samples: Float32Array; readonly rateHz: number }> {
  const { base64, rateHz } = await app.page.evaluate((frames) => {
    const tap = (window as unknown as { stillwaveTap: AnalyserNode | null }).stillwaveTap
    if (!tap) throw new Error('nothing was connected to the speakers')
    const samples = new Float32Array(frames)
    tap.getFloatTimeDomainData(samples)
    let text = ''
    const bytes = new Uint8Array(samples.buffer)
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
    return { base64: btoa(text), rateHz: tap.context.sampleRate }
  }, TAP_FRAMES)
  const bytes = Buffer.from(base64, 'base64')
  return { samples: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), rateHz }
}

/** Where `piece` lies in `whole` up to a gain, and how well it fits: the share of its power that is left unexplained. */
export function placeOf(
  piece: Float32Array,
  whole: Float32Array,
  { from = 0, to = Infinity }: { readonly from?: number; readonly to?: number } = {}
): Found {
  const last = Math.min(to, whole.length - piece.length)
  let best = { at: -1, misfit: Infinity, gain: 0 }
  // A coarse look with every 7th sample finds the place; the full one judges it.
  for (let at = Math.max(0, from); at <= last; at++) {
    const found = misfitAt(piece, whole, { at, step: 7 })
    if (found.misfit < best.misfit) best = { ...found, at }
  }
  return best.at < 0 ? best : { ...misfitAt(piece, whole, { at: best.at, step: 1 }), at: best.at }
}

export interface Found {
  readonly at: number
  readonly misfit: number
  readonly gain: number
}

/** `piece` against `whole` from `at` on, every `step`th sample, under the gain that fits best. */
export function misfitAt(
  piece: Float32Array,
  whole: Float32Array,
  { at, step }: { readonly at: number; readonly step: number }
): { readonly misfit: number; readonly gain: number } {
  let [dot, power, own] = [0, 0, 0]
  for (let i = 0; i < piece.length; i += step) {
    const [a, b] = [piece[i]!, whole[at + i]!]
    dot += a * b
    power += b * b
    own += a * a
  }
  if (power === 0 || own === 0) return { misfit: Infinity, gain: 0 }
  return { misfit: 1 - (dot * dot) / (power * own), gain: dot / power }
}
