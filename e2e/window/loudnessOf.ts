/** Integrated loudness of ITU-R BS.1770 at any rate: the specs' own measure, made apart from the product's. */
export class Loudness {
  private readonly stages: readonly (readonly number[])[]

  constructor(private readonly rateHz: number) {
    this.stages = [highShelf(rateHz), highPass(rateHz)]
  }

  /** Of one channel, in LUFS. */
  of(samples: Float32Array): number {
    return this.ofFiltered(this.filtered(Float64Array.from(samples)))
  }

  /** Of a loop from its first sample on, as it is heard: the round before it has filled the filters. */
  ofLoop(round: Float32Array): number {
    const twice = new Float64Array(2 * round.length)
    twice.set(round)
    twice.set(round, round.length)
    return this.ofFiltered(this.filtered(twice).subarray(round.length))
  }

  private filtered(signal: Float64Array): Float64Array {
    return this.stages.reduce<Float64Array>((x, stage) => filtered(x, stage), signal)
  }

  private ofFiltered(signal: Float64Array): number {
    const block = Math.round(0.4 * this.rateHz)
    const powers: number[] = []
    for (let at = 0; at + block <= signal.length; at += block / 4) {
      powers.push(mean(signal.subarray(at, at + block).map((x) => x * x)))
    }
    const loud = powers.filter((power) => lufs(power) > -70)
    const gated = loud.filter((power) => lufs(power) > lufs(mean(loud)) - 10)
    return lufs(mean(gated))
  }
}

function mean(values: ArrayLike<number>): number {
  return (
    Array.prototype.reduce.call<ArrayLike<number>, [(sum: number, x: number) => number, number], number>(
      values,
      (sum, x) => sum + x,
      0
    ) / values.length
  )
}

const lufs = (power: number): number => -0.691 + 10 * Math.log10(power)

/** b0 b1 b2 a1 a2, by the bilinear transform of the analogue prototypes behind the standard's 48 kHz table. */
function highShelf(rateHz: number): readonly number[] {
  const [gainDb, q, hz] = [3.999843853973347, 0.7071752369554196, 1681.974450955533]
  const k = Math.tan((Math.PI * hz) / rateHz)
  const high = 10 ** (gainDb / 20)
  const band = high ** 0.4996667741545416
  const norm = 1 + k / q + k * k
  return [
    (high + (band * k) / q + k * k) / norm,
    (2 * (k * k - high)) / norm,
    (high - (band * k) / q + k * k) / norm,
    (2 * (k * k - 1)) / norm,
    (1 - k / q + k * k) / norm
  ]
}

function highPass(rateHz: number): readonly number[] {
  const [q, hz] = [0.5003270373238773, 38.13547087602444]
  const k = Math.tan((Math.PI * hz) / rateHz)
  const norm = 1 + k / q + k * k
  return [1, -2, 1, (2 * (k * k - 1)) / norm, (1 - k / q + k * k) / norm]
}

function filtered(signal: Float64Array, [b0, b1, b2, a1, a2]: readonly number[]): Float64Array {
  const out = new Float64Array(signal.length)
  let [x1, x2, y1, y2] = [0, 0, 0, 0]
  for (const [i, x] of signal.entries()) {
    const y = b0! * x + b1! * x1 + b2! * x2 - a1! * y1 - a2! * y2
    ;[x2, x1, y2, y1] = [x1, x, y1, y]
    out[i] = y
  }
  return out
}
