import path from 'node:path'
import type { Job } from '../../shared/jobs/job'

/** Formats whose outputs are as big as they are. */
const PCM = new Set(['.wav', '.wave', '.aif', '.aiff', '.aifc', '.w64', '.rf64', '.bwf', '.au', '.snd', '.caf'])
const LOSSLESS = new Set(['.flac', '.ape', '.wv', '.tta', '.tak', '.m4a'])
/** How much bigger a file gets when it is written as PCM, where nothing is known of it. */
const LOSSLESS_FACTOR = 2
const LOSSY_FACTOR = 11
const COMPRESSED_BITS = 16

/** Bytes that a job's output will have, by its probe or else by its size. */
export function outputBytes({ probe, inputPath, identity }: Job): number {
  if (probe?.ok && probe.info.durationSec !== null) {
    const { durationSec, sampleRateHz, channels, bitDepth } = probe.info
    return durationSec * sampleRateHz * channels * Math.ceil((bitDepth ?? COMPRESSED_BITS) / 8)
  }
  const kind = path.extname(inputPath).toLowerCase()
  if (PCM.has(kind)) return identity.sizeBytes
  return identity.sizeBytes * (LOSSLESS.has(kind) ? LOSSLESS_FACTOR : LOSSY_FACTOR)
}
