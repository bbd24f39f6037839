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
