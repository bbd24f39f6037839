/** Sixteen-bit floats as checkpoints store them, read exactly. */

/** IEEE 754 binary16. */
export function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const word = new DataView(new ArrayBuffer(4))

/** bfloat16: the upper half of a float32. */
export function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits << 16)
  return word.getFloat32(0)
}

/** The largest finite binary16, and the smallest that is not zero. */
export const HALF_MAX = 65504
export const HALF_MIN = 2 ** -24

const float = new Float32Array(1)
const floatBits = new Uint32Array(float.buffer)

/**
 * The nearest binary16 of a finite float32 within +-{@link HALF_MAX}, ties to even. What is not zero stays not zero: a constant that
 * underflows becomes {@link HALF_MIN} with its sign.
 */
export function numberToHalf(value: number): number {
  float[0] = value
  const bits = floatBits[0]!
  const sign = (bits >>> 16) & 0x8000
  const size = bits & 0x7fffffff
  if (size === 0) return sign
  // Under 2^-14 a half has no exponent of its own: counted in steps of 2^-24.
  if (size < 0x38800000) return sign | Math.max(1, roundToEven(Math.abs(float[0]) * 2 ** 24))
  const rounded = size + 0xfff + ((size >>> 13) & 1)
  return sign | Math.min((rounded - 0x38000000) >>> 13, 0x7bff)
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

/** All of an array, each by {@link numberToHalf}. A plain loop: `Uint16Array.from` makes a list of all numbers first. */
export function toHalves(data: Float32Array): Uint16Array {
  const halves = new Uint16Array(data.length)
  for (let i = 0; i < data.length; i++) halves[i] = numberToHalf(data[i]!)
  return halves
}
