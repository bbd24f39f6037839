/** The fmt chunk of WAVE and W64. */
export type WaveFormat = PcmWaveFormat | { readonly kind: 'foreign'; readonly name: string }

interface PcmWaveFormat {
  readonly kind: 'pcm'
  readonly float: boolean
  readonly sampleBytes: number
  readonly validBits: number
  readonly sampleRateHz: number
  readonly channels: number
  readonly channelMask: number
  /** Not EXTENSIBLE, and fewer bits than its container: how they are justified is anybody's guess. */
  readonly plainNarrow: boolean
}

const TAG_PCM = 1
const TAG_FLOAT = 3
const TAG_EXTENSIBLE = 0xfffe
/** The last 8 bytes of KSDATAFORMAT_SUBTYPE_* and of the ambisonic B-format GUIDs; the first two are the old tag. */
const GUID_TAILS = new Set(['800000aa00389b71', '8644c8c1ca000000'])

/**
 * Reads a fmt chunk body (14 to 40 bytes). Null where it is too short or makes no sense. Byte rate is ignored and block
 * align only believed where it fits: both are wrong in real files.
 */
export function parseWaveFormat(body: Buffer, order: { readonly bigEndian: boolean }): WaveFormat | null {
  if (body.length < 16) return null
  const u16 = (at: number): number => (order.bigEndian ? body.readUInt16BE(at) : body.readUInt16LE(at))
  const u32 = (at: number): number => (order.bigEndian ? body.readUInt32BE(at) : body.readUInt32LE(at))
  const isExtensible = u16(0) === TAG_EXTENSIBLE && body.length >= 40
  if (isExtensible && !GUID_TAILS.has(body.toString('hex', 32, 40))) return { kind: 'foreign', name: 'unknown GUID' }
  const tag = isExtensible ? u32(24) & 0xffff : u16(0)
  if (tag !== TAG_PCM && tag !== TAG_FLOAT) return { kind: 'foreign', name: `format tag 0x${tag.toString(16)}` }
  const channels = u16(2)
  // Some writers leave the container's bits at 0 and fill in the valid ones only.
  const bits = u16(14) || (isExtensible ? u16(18) : 0)
  if (channels === 0 || bits === 0) return null
  const sampleBytes = containerBytes(u16(12) / channels, bits)
  const float = tag === TAG_FLOAT
  if (!(float ? [4, 8] : [1, 2, 3, 4, 8]).includes(sampleBytes)) return { kind: 'foreign', name: `${bits} bits` }
  const declaredValid = isExtensible ? u16(18) : bits
  const validBits = declaredValid >= 1 && declaredValid <= bits && !float ? declaredValid : bits
  return {
    kind: 'pcm',
    float,
    sampleBytes,
    validBits: float ? sampleBytes * 8 : validBits,
    sampleRateHz: u32(4),
    channels,
    channelMask: isExtensible ? u32(20) : 0,
    plainNarrow: !isExtensible && !float && sampleBytes > Math.ceil(bits / 8)
  }
}

function containerBytes(alignedBytes: number, bits: number): number {
  const needed = Math.ceil(bits / 8)
  return Number.isInteger(alignedBytes) && alignedBytes >= needed && alignedBytes <= 8 ? alignedBytes : needed
}
