import type { PlayerClip } from '../../../shared/ipc/playerViews'
import { ClientError } from '../ipc/client'

const SAMPLE_BYTES = 4

/** Samples of one frame of the clip's stream: the original's channels, then the clean ones. */
export function strideOf(clip: PlayerClip): number {
  return clip.channels * (clip.signals.includes('clean') ? 2 : 1)
}

/** Bytes of the clip's virtual WAV that hold some frames, first and last. */
export function byteRange(clip: PlayerClip, startFrame: number, frames: number): readonly [number, number] {
  const frameBytes = strideOf(clip) * SAMPLE_BYTES
  const first = clip.dataOffset + startFrame * frameBytes
  return [first, first + frames * frameBytes - 1]
}

/** Reads frames by a range request: float32, interleaved. The machines that this runs on are little-endian, as the file is. */
export async function readFrames(
  clip: PlayerClip,
  startFrame: number,
  { frames, signal }: { readonly frames: number; readonly signal: AbortSignal }
): Promise<Float32Array> {
  const [first, last] = byteRange(clip, startFrame, frames)
  const answer = await fetch(clip.url, { headers: { range: `bytes=${first}-${last}` }, signal })
  const detail = `${clip.name}: HTTP ${answer.status}`
  if (answer.status !== 206) throw new ClientError({ code: 'E_IO', data: { detail } })
  const bytes = await answer.arrayBuffer()
  if (bytes.byteLength !== last - first + 1) throw new ClientError({ code: 'E_TRUNCATED', data: { detail: clip.name } })
  return new Float32Array(bytes)
}
