/** The length in bytes of the frame whose header stands at `at`, or null where there is none. */
export type FrameBytes = (bytes: Buffer, at: number) => number | null

/** Fewer frames in a row may be chance. */
const MIN_CHAIN_FRAMES = 3
const FRAME_HEAD_BYTES = 7

/**
 * Whether a chain of frames runs past the end of `bytes` (the end of a file): its last frame was cut. Headers are found
 * by chains of at least three; false where there is no chain or where it ends before the end in something else.
 */
export function chainOvershoots(bytes: Buffer, frameBytes: FrameBytes): boolean {
  const start = chainStart(bytes, frameBytes)
  if (start === null) return false
  let at = start
  while (at + FRAME_HEAD_BYTES <= bytes.length) {
    const length = frameBytes(bytes, at)
    if (length === null) return false
    at += length
  }
  // Either the last frame runs over, or a few bytes of the next one's header are left.
  return at > bytes.length || (at < bytes.length && bytes[at] === 0xff)
}

function chainStart(bytes: Buffer, frameBytes: FrameBytes): number | null {
  for (let start = 0; start < bytes.length; start += 1) {
    if (bytes[start] !== 0xff) continue
    let at = start
    let frames = 0
    while (frames < MIN_CHAIN_FRAMES && at + FRAME_HEAD_BYTES <= bytes.length) {
      const length = frameBytes(bytes, at)
      if (length === null) break
      at += length
      frames += 1
    }
    if (frames === MIN_CHAIN_FRAMES) return start
  }
  return null
}

const KBPS: Readonly<Record<string, readonly number[]>> = {
  'v1 l1': [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  'v1 l2': [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  'v1 l3': [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  'v2 l1': [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  'v2 l2': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  'v2 l3': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
}
const RATES_HZ = [44_100, 48_000, 32_000]

/** MPEG audio (1, 2, 2.5; layers I to III). Source: ISO/IEC 11172-3, 2.4.1.3. Free format has no length to read. */
export function mpegFrameBytes(bytes: Buffer, at: number): number | null {
  const head = bytes.readUInt32BE(at)
  const version = (head >>> 19) & 3
  const layer = 4 - ((head >>> 17) & 3)
  if (head >>> 21 !== 0x7ff || version === 1 || layer === 4) return null
  const isV1 = version === 3
  const kbps = KBPS[`v${isV1 ? 1 : 2} l${layer}`]![((head >>> 12) & 15) - 1]
  const rateOfV1 = RATES_HZ[(head >>> 10) & 3]
  if (kbps === undefined || rateOfV1 === undefined) return null
  const rateHz = rateOfV1 / (isV1 ? 1 : version === 2 ? 2 : 4)
  const padding = (head >>> 9) & 1
  if (layer === 1) return (Math.floor((12_000 * kbps) / rateHz) + padding) * 4
  return Math.floor(((layer === 3 && !isV1 ? 72_000 : 144_000) * kbps) / rateHz) + padding
}

/** ADTS AAC. Source: ISO/IEC 13818-7, 6.2. */
export function adtsFrameBytes(bytes: Buffer, at: number): number | null {
  const isAdts = bytes[at] === 0xff && (bytes[at + 1]! & 0xf6) === 0xf0
  const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5)
  return isAdts && length > FRAME_HEAD_BYTES ? length : null
}

/** The end of a file without its ID3v1 and APE tags. */
export function withoutTags(bytes: Buffer): Buffer {
  let end = bytes.length
  if (bytes.toString('latin1', end - 128, end - 125) === 'TAG') end -= 128
  if (bytes.toString('latin1', end - 32, end - 24) === 'APETAGEX') {
    const hasHeader = bytes[end - 9]! >= 0x80
    end -= bytes.readUInt32LE(end - 20) + (hasHeader ? 32 : 0)
  }
  return bytes.subarray(0, Math.max(0, end))
}
