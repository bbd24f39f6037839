import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelSession } from '../onnx/runtime'
import { formulaStateDict, formulaUniform, GOLDEN_SEED } from './formulaWeights'
import { buildOnePass } from './onePass'
import { largestDifference, openModel, runOnePass, stream, undoEdges } from './running.testkit'
import { buildStateful } from './stateful'

/** The official network's own output for formula weights (`golden/README.md`), against both graphs at full width. */

const SIZE = { channels: 128, cascade: 2 } as const
const TOLERANCE = 5e-5
/** Where the official output is divided by almost nothing. */
const EDGE_SAMPLES = 640

const golden = (name: string): Float32Array => {
  const bytes = readFileSync(resolve(process.cwd(), 'golden', name))
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
const input = golden('a.input.f32')
const expected = golden('a.output.f32')

describe('the full-size graphs against the official network', () => {
  let means: Float32Array
  let stateful: ModelSession

  beforeAll(async () => {
    const weights = formulaStateDict(SIZE)
    stateful = await openModel(buildStateful(weights))
    const onePass = await openModel(buildOnePass(weights, { exposeGates: true }))
    const result = await runOnePass(onePass, input)
    await onePass.release()
    means = result.means!
    expect(result.clean.length).toBe(expected.length)
    expect(largestDifference(result.clean, expected, EDGE_SAMPLES, expected.length - EDGE_SAMPLES)).toBeLessThan(
      TOLERANCE
    )
  })
  afterAll(() => stateful.release())

  it('has the weights that the golden files were made with (a wrong hash would hide behind a wrong network)', () => {
    const u = formulaUniform('unet.encoder0.conv.conv_re.weight', GOLDEN_SEED, 3)
    expect([...u].map((value) => value.toFixed(8))).toEqual(['-0.08569939', '-0.55094583', '-0.91527703'])
    const first = formulaStateDict({ channels: 128, cascade: 1 }).get('unet.encoder0.conv.conv_re.weight')!
    expect([...first.data.slice(0, 3)].map((value) => value.toFixed(4))).toEqual(['-0.0329', '-0.2112', '-0.3509'])
  })

  it.each([[[25]], [[7, 40, 3]], [[200]]])(
    'fed in pieces of %j hops it gives every frame, the first and the last too (a lost or shifted history would not)',
    async (pieces) => {
      const out = await stream(stateful, input, { size: SIZE, pieces, means })
      const whole = undoEdges(expected)
      expect(largestDifference(out, whole, 0, whole.length)).toBeLessThan(TOLERANCE)
    }
  )
})
