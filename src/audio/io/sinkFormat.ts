import { extname } from 'node:path'
import { bytesPerSample } from './pcmLayout'
import type { PcmSampleFormat } from './pcmLayout'
import type { AudioFormat, SinkFormat, SinkSampleFormat } from './types'

/** FORM sizes are 32 bits; this leaves room for the header. */
const MAX_AIFF_DATA_BYTES = 0xffffffff - 1024

/** Names that a container may keep; the first is given to sources of another kind. */
const EXTENSIONS: Readonly<Record<SinkFormat['container'], readonly string[]>> = {
  wav: ['.wav', '.wave', '.bwf', '.rf64'],
  aiff: ['.aiff', '.aif', '.aifc'],
  w64: ['.w64']
}

/** Whether `frames` frames fit the container: AIFF ends at 4 GiB, WAV becomes RF64 there. */
export function sinkCanHold(format: SinkFormat, frames: number): boolean {
  if (format.container !== 'aiff') return true
  return frames * bytesPerSample(format.sampleFormat) * format.channels <= MAX_AIFF_DATA_BYTES
}

export interface SinkChoice {
  readonly format: SinkFormat
  /** With dot; the source's own (from `sourcePath`) where it fits the container. */
  readonly extension: string
  /** The source's container or sample format could not be kept: W_FORMAT_CHANGED. */
  readonly changed: boolean
}

/**
 * The nearest lossless thing that we can write. PCM in WAV, RF64, W64, AIFF and AIFC keeps container, sample format and
 * valid bits; s64 becomes s32, RIFX becomes WAV, all else WAV with 16, 24 or 32 bits by `validBits`. A `container` that
 * is asked for is no change to be warned of, a sample format that it cannot hold is mapped without loss (u8 and s8).
 */
export function sinkFormatFor(
  source: AudioFormat,
  container: SinkFormat['container'] | null,
  sourcePath: string | null = null
): SinkChoice {
  const own = ownContainer(source)
  const target = container ?? own ?? 'wav'
  const stored = source.sampleFormat === 'compressed' ? decodedFormat(source.validBits) : source.sampleFormat
  const format: SinkFormat = {
    container: target,
    ...storedIn(target, stored, source.validBits),
    sampleRateHz: source.sampleRateHz,
    channels: source.channels,
    channelMask: target === 'aiff' ? 0 : source.channelMask
  }
  const keptName = sourcePath === null ? undefined : extname(sourcePath)
  const fits = keptName !== undefined && EXTENSIONS[target].includes(keptName.toLowerCase())
  const changed = (container === null && own === null) || source.sampleFormat === 's64'
  return { format, extension: fits ? keptName : EXTENSIONS[target][0]!, changed }
}

function ownContainer(source: AudioFormat): SinkFormat['container'] | null {
  if (source.container === 'wav' || source.container === 'rf64') return source.bigEndian ? null : 'wav'
  if (source.container === 'aiff' || source.container === 'aifc') return 'aiff'
  return source.container === 'w64' ? 'w64' : null
}

function decodedFormat(validBits: number): PcmSampleFormat {
  if (validBits <= 16) return 's16'
  return validBits <= 24 ? 's24' : 'f32'
}

function storedIn(
  container: SinkFormat['container'],
  stored: PcmSampleFormat,
  sourceBits: number
): { sampleFormat: SinkSampleFormat; validBits: number } {
  if (stored === 'f32') return { sampleFormat: 'f32', validBits: 32 }
  if (stored === 'f64') return { sampleFormat: 'f64', validBits: 64 }
  const wide = stored === 's64' ? 's32' : stored
  const validBits = Math.min(sourceBits, bytesPerSample(wide) * 8)
  if (container === 'aiff') {
    // AIFF stores a sample in as few whole bytes as its bits need.
    const sampleFormat = (['s8', 's16', 's24', 's32'] as const)[Math.ceil(validBits / 8) - 1] ?? 's32'
    return { sampleFormat, validBits }
  }
  return { sampleFormat: wide === 's8' ? 'u8' : wide, validBits }
}
