import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toFloat16 } from './float16'
import { formulaStateDict } from './formulaWeights'
import { HALF_MAX, HALF_MIN, halfToNumber, numberToHalf } from './halfFloats'
import { buildOnePass } from './onePass'
import type { OnnxModel } from './onnx/onnxModel'
import { openModel, runOnePass, stream, undoEdges } from './running.testkit'
import { buildStateful } from './stateful'

const golden = (name: string): Float32Array => {
  const bytes = readFileSync(resolve(process.cwd(), 'golden', name))
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

/** Signal to noise of `out` against `wanted`, edges of `skip` samples left out. */
function snrDb(wanted: Float32Array, out: Float32Array, skip: number): number {
  let [signal, noise] = [0, 0]
  for (let i = skip; i < wanted.length - skip; i++) {
    signal += wanted[i]! ** 2
    noise += (out[i]! - wanted[i]!) ** 2
  }
  return 10 * Math.log10(signal / noise)
}

describe('halves', () => {
  it('every half comes back as itself, and a float between two goes to the nearer, ties to even', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      const value = halfToNumber(bits)
      expect(numberToHalf(value)).toBe(bits)
      if (bits === 0 || bits === 0x7bff) continue
      const above = halfToNumber(bits + 1)
      const middle = (value + above) / 2
      expect(numberToHalf(middle)).toBe(bits % 2 === 0 ? bits : bits + 1)
      expect(numberToHalf(value + (above - value) * 0.4)).toBe(bits)
      expect(numberToHalf(-(value + (above - value) * 0.6))).toBe((bits + 1) | 0x8000)
    }
  })

  it('no constant underflows, none overflows', () => {
    expect(halfToNumber(numberToHalf(1e-12))).toBe(HALF_MIN)
    expect(halfToNumber(numberToHalf(-1e-30))).toBe(-HALF_MIN)
    expect(numberToHalf(0)).toBe(0)
    expect(halfToNumber(numberToHalf(65_519))).toBe(HALF_MAX)
  })
})

/** Casts of values that are casts themselves, and values cast to the same type twice. */
function castFaults(model: OnnxModel): readonly string[] {
  const casts = model.nodes.filter(({ type }) => type === 'Cast')
  const made = new Set(casts.flatMap(({ outputs }) => outputs))
  const asked = casts.map(({ inputs, attributes }) => `${inputs[0]!} to ${JSON.stringify(attributes.to)}`)
  return [
    ...casts.flatMap(({ inputs }) => inputs.filter((name) => made.has(name))),
    ...asked.filter((one, i) => asked.indexOf(one) !== i)
  ]
}

describe('graphs in FP16', () => {
  const SIZE = { channels: 128, cascade: 2 } as const
  const input = golden('a.input.f32')
  const expected = golden('a.output.f32')
  const weights = formulaStateDict(SIZE)

  it('is within 50 dB of the official network over a whole clip and piece by piece, at half the weights', async () => {
    const exposed = buildOnePass(weights, { exposeGates: true })
    const half = toFloat16(exposed)
    expect(castFaults(half)).toEqual([])
    const bytes = (model: OnnxModel): number => model.initializers.reduce((sum, { data }) => sum + data.byteLength, 0)
    expect(bytes(half)).toBeLessThan(0.6 * bytes(exposed))
    const onePass = await openModel(half)
    const { clean, means } = await runOnePass(onePass, input)
    await onePass.release()
    const whole = snrDb(expected, clean, 640)
    const statefulHalf = toFloat16(buildStateful(weights))
    expect(castFaults(statefulHalf)).toEqual([])
    const stateful = await openModel(statefulHalf)
    const out = await stream(stateful, input, { size: SIZE, pieces: [25], means: means! })
    await stateful.release()
    const pieces = snrDb(undoEdges(expected), out, 0)
    console.info(`FP16 against the official network: ${whole.toFixed(1)} dB at once, ${pieces.toFixed(1)} dB in pieces`)
    expect(whole).toBeGreaterThan(50)
    expect(pieces).toBeGreaterThan(50)
  })
})
