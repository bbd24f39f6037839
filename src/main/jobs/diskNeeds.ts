import path from 'node:path'
import type { Job } from '../../shared/jobs/job'
import type { OutputFormat, OutputQuality } from '../../shared/settings/choices'
import type { OutputSettings } from '../../shared/settings/jobSettings'
import { isFilmName, plannedExtension } from './audioNames'

const PCM = new Set([
  '.wav',
  '.wave',
  '.aif',
  '.aiff',
  '.aifc',
  '.aiffc',
  '.w64',
  '.rf64',
  '.bwf',
  '.au',
  '.snd',
  '.caf'
])
const LOSSLESS = new Set(['.flac', '.ape', '.wv', '.tta', '.tak', '.m4a'])
/** How much bigger a file gets when it is written as PCM, where nothing is known of it. */
const LOSSLESS_FACTOR = 2
const LOSSY_FACTOR = 11
const COMPRESSED_BITS = 16
/** Of a result that stays at the model's rate. */
const MODEL_RATE_HZ = 16_000

const ASKED_BITS: Readonly<Partial<Record<OutputFormat, number>>> = { wav16: 16, wav24: 24, wav32f: 32 }
/** FLAC's share of PCM: speech takes about half, what little it can save of a loud room is the bound. */
const FLAC_SHARE = 0.8
/** What the encoders take at most for one channel at standard quality; the engine knows the codec, here it is the name. */
const LOSSY_KBPS_A_CHANNEL = 96
const QUALITY_FACTOR: Readonly<Record<OutputQuality, number>> = { small: 0.6, standard: 1, high: 1.6 }

/** Bytes that a job's output will have, at most: by its probe or else by its size. */
export function outputBytes(job: Job, settings: OutputSettings): number {
  const { format, quality, video } = settings
  const source = path.extname(job.inputPath).toLowerCase()
  const target = plannedExtension(source, format, video)
  // A film is about as big as its source: the picture counts, and the sound keeps its bit rate; one that is added comes on top.
  if (isFilmName(`x${target}`)) return job.identity.sizeBytes + soundBytes(job) * (video === 'add' ? 1 : 0.1)
  const pcm = pcmBytes(job, ASKED_BITS[format], settings)
  if (PCM.has(target)) return pcm
  if (target === '.flac') return pcm * FLAC_SHARE
  const factor = QUALITY_FACTOR[quality]
  const isLossySource = !PCM.has(source) && (source === '.m4a' || !LOSSLESS.has(source))
  // A source of the kind keeps its bit rate; ALAC is called .m4a too, and stays what it is at every quality.
  const likeSource = isLossySource ? job.identity.sizeBytes * Math.max(1, factor) : 0
  const { probe } = job
  if (!probe?.ok || probe.info.durationSec === null) return isLossySource ? likeSource : pcm / 2
  const { durationSec, channels } = probe.info
  return Math.max(likeSource, ((durationSec * channels * LOSSY_KBPS_A_CHANNEL * 1000) / 8) * factor)
}

/** Bytes that lie beside the result while it is made: the loudness of a result is known only at its end. */
export function intermediateBytes(job: Job, settings: OutputSettings): number {
  return settings.loudness === 'restore' && settings.truePeakDb === null ? 0 : pcmBytes(job, 32, settings)
}

/** A lossy track of the film's length. */
function soundBytes({ probe }: Job): number {
  if (!probe?.ok || probe.info.durationSec === null) return 0
  return (probe.info.durationSec * probe.info.channels * LOSSY_KBPS_A_CHANNEL * 1000) / 8
}

function pcmBytes(
  { probe, inputPath, identity }: Job,
  askedBits: number | undefined,
  { above8k, channels: way }: Pick<OutputSettings, 'above8k' | 'channels'>
): number {
  if (probe?.ok && probe.info.durationSec !== null) {
    const { durationSec, sampleRateHz, channels, bitDepth } = probe.info
    const rateHz = above8k === '16k' ? Math.min(sampleRateHz, MODEL_RATE_HZ) : sampleRateHz
    const count = way === 'mono' ? 1 : channels
    return durationSec * rateHz * count * Math.ceil((askedBits ?? bitDepth ?? COMPRESSED_BITS) / 8)
  }
  const kind = path.extname(inputPath).toLowerCase()
  if (PCM.has(kind)) return identity.sizeBytes * (askedBits === undefined ? 1 : askedBits / COMPRESSED_BITS)
  return identity.sizeBytes * (LOSSLESS.has(kind) ? LOSSLESS_FACTOR : LOSSY_FACTOR)
}
