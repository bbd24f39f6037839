import type { AudioFormat } from '../types'

/** Speaker masks of the layouts that an encoder takes, for more than two channels. */
const XIPH = [0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f]
const ALAC = [0x7, 0x107, 0x37, 0x3f, 0x13f, 0xff]

const LIMITS: Readonly<Partial<Record<string, readonly number[]>>> = { opus: XIPH, vorbis: XIPH, alac: ALAC }

const SIDES = 0x600
const BACKS = 0x30
/** Speakers that lie between those in the order of channels. */
const BETWEEN = 0x1c0

/**
 * The speaker mask that an encoder of this kind gets: the sound's own where it takes that, the one with the speakers behind in the
 * place of those at the sides, or, where the file names no speakers, the encoder's own for so many channels. Null: it would refuse. Pure.
 */
export function layoutFor(
  kind: string,
  { channels, channelMask: mask }: Pick<AudioFormat, 'channels' | 'channelMask'>
): number | null {
  const taken = LIMITS[kind]
  if (taken === undefined || channels <= 2 || taken.includes(mask)) return mask
  if (mask === 0) return taken.find((one) => bitsOf(one) === channels) ?? null
  const isMovable = (mask & SIDES) === SIDES && (mask & (BACKS | BETWEEN)) === 0
  const behind = (mask & ~SIDES) | BACKS
  return isMovable && taken.includes(behind) ? behind : null
}

function bitsOf(mask: number): number {
  return mask === 0 ? 0 : (mask & 1) + bitsOf(mask >>> 1)
}
