import { endianness } from 'node:os'
import type { ClipFiles } from './clipFiles'

/** Frames of the virtual WAV, fewer at its end: float32 little endian, the original's channels, then the clean ones. */
export async function readInterleaved(
  files: ClipFiles,
  range: { readonly startFrame: number; readonly frames: number },
  abort: AbortSignal
): Promise<Uint8Array<ArrayBuffer>> {
  const count = Math.max(0, Math.min(range.frames, files.frames - range.startFrame))
  const [original, clean] = await Promise.all([
    files.readFile('original', range.startFrame, count, abort),
    files.isPair ? files.readFile('clean', range.startFrame, count, abort) : []
  ])
  const planar = [...original, ...clean]
  const samples = new Float32Array(count * planar.length)
  for (const [channel, source] of planar.entries()) {
    for (let i = 0, at = channel; i < count; i++, at += planar.length) samples[at] = source[i]!
  }
  const bytes = new Uint8Array(samples.buffer)
  if (endianness() === 'BE') Buffer.from(samples.buffer).swap32()
  return bytes
}
