/** Noises and a room, from nothing but arithmetic: the same samples on every machine. Arrays are one channel, about +-1. */

/** Uniform in -1 to 1 (xorshift32). */
export function randomSource(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 2 ** 31
  }
}

export interface NoiseOptions {
  readonly sampleRateHz: number
  readonly frames: number
  readonly seed: number
}

function onePole(samples: Float64Array, sampleRateHz: number, cutoffHz: number): Float64Array {
  const keep = Math.exp((-2 * Math.PI * cutoffHz) / sampleRateHz)
  let state = 0
  return samples.map((x) => (state = keep * state + (1 - keep) * x))
}

function white({ frames, seed }: NoiseOptions): Float64Array {
  const random = randomSource(seed)
  return new Float64Array(frames).map(() => random())
}

function scaledToRms(samples: Float64Array): Float64Array {
  const level = rms(samples)
  return samples.map((x) => x / level)
}

/** Root mean square. */
export function rms(samples: Float64Array): number {
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
}

/** Pink noise at RMS 1: white noise through a sum of one-pole low-passes an octave and a half apart. */
export function pinkNoise(options: NoiseOptions): Float64Array {
  const out = new Float64Array(options.frames)
  for (let k = 0; k < 8; k++) {
    const cutoffHz = 25 * 2.7 ** k
    if (cutoffHz > options.sampleRateHz * 0.45) break
    const layer = scaledToRms(
      onePole(white({ ...options, seed: options.seed + 17 * k }), options.sampleRateHz, cutoffHz)
    )
    layer.forEach((x, i) => (out[i]! += x))
  }
  return scaledToRms(out)
}

/** A fan in an office at RMS 1: airflow that rises and falls slowly, the blades' tone and its overtones, motor whirr. */
export function fanNoise(options: NoiseOptions): Float64Array {
  const { sampleRateHz, seed } = options
  const rumble = scaledToRms(onePole(white(options), sampleRateHz, 220))
  const hiss = white({ ...options, seed: seed + 101 })
  const rush = scaledToRms(onePole(onePole(hiss, sampleRateHz, 3500), sampleRateHz, 5000))
  const drift = scaledToRms(onePole(white({ ...options, seed: seed + 202 }), sampleRateHz, 0.7))
  const out = rumble.map((x, i) => {
    const t = i / sampleRateHz
    const blades =
      Math.sin(2 * Math.PI * 93 * t) + 0.5 * Math.sin(2 * Math.PI * 186 * t + 1) + 0.2 * Math.sin(2 * Math.PI * 279 * t)
    const whirr = 0.06 * Math.sin(2 * Math.PI * 1187 * t + 2 * Math.sin(2 * Math.PI * 5 * t))
    return (0.7 * x + 0.8 * rush[i]!) * (1 + 0.12 * drift[i]!) + 0.35 * blades + whirr
  })
  return scaledToRms(out)
}

/** Mains hum at RMS 1: 50 Hz and what a rectifier adds. */
export function humNoise({ sampleRateHz, frames, seed }: NoiseOptions): Float64Array {
  const random = randomSource(seed)
  const partials = [1, 0.8, 0.35, 0.3, 0.15, 0.2, 0.08, 0.1, 0.05, 0.05].map((level, k) => ({
    level,
    hz: 50 * (k + 1),
    phase: Math.PI * random()
  }))
  const at = (t: number): number =>
    partials.reduce((sum, { level, hz, phase }) => sum + level * Math.sin(2 * Math.PI * hz * t + phase), 0)
  return scaledToRms(new Float64Array(frames).map((_, i) => at(i / sampleRateHz)))
}

/** A street at RMS 1: a pink bed, low rumble, and cars that swell up and pass. */
export function streetNoise(options: NoiseOptions): Float64Array {
  const { sampleRateHz, seed } = options
  const bed = pinkNoise(options)
  const rumble = scaledToRms(
    onePole(onePole(white({ ...options, seed: seed + 7 }), sampleRateHz, 90), sampleRateHz, 90)
  )
  const tyres = scaledToRms(onePole(white({ ...options, seed: seed + 8 }), sampleRateHz, 1500))
  const passes = [1.1, 4.2, 6.9]
  return scaledToRms(
    bed.map((x, i) => {
      const t = i / sampleRateHz
      const near = passes.reduce((sum, pass) => sum + 1 / (1 + ((t - pass) / 0.45) ** 2), 0)
      return 0.6 * x + rumble[i]! * (0.4 + 0.5 * near) + 0.9 * near * tyres[i]!
    })
  )
}

/** The dry voice in a small room: a few early reflections, and a tail of sparse random pulses that is gone after `tailSec`. */
export function inRoom(
  voice: Float32Array,
  room: { sampleRateHz: number; tailSec: number; seed: number }
): Float64Array {
  const { sampleRateHz, tailSec, seed } = room
  const random = randomSource(seed)
  const out = Float64Array.from(voice)
  const pulses = Math.round(1500 * tailSec)
  for (let k = 0; k < pulses; k++) {
    const time = 0.004 + (tailSec - 0.004) * ((k + 0.5 + 0.5 * random()) / pulses)
    const level = 0.045 * Math.sign(random()) * 10 ** ((-3 * time) / tailSec)
    const delay = Math.round(time * sampleRateHz)
    for (let i = delay; i < out.length; i++) out[i]! += level * voice[i - delay]!
  }
  return out
}
