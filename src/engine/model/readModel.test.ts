import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { convertStateDict } from './convert'
import { formulaStateDict } from './formulaWeights'
import { planState } from './stateLayout'
import { GraphBuilder } from './onnx/graphBuilder'
import { encodeModel } from './onnx/writeModel'
import { readGraphSignature, readModelMetadata } from './readModel'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-model-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('describes both graphs of a conversion as the host needs them', async () => {
  const size = { channels: 4, cascade: 2 } as const
  const made = await convertStateDict(formulaStateDict(size), join(folder, 'small.onnx'))
  expect(made.statefulPath).toBe(join(folder, 'small.stateful.onnx'))
  expect(made.sharedDataPath).toBeNull()
  const metadata = await readModelMetadata(made.statefulPath)
  const plan = planState(size)
  expect(metadata).toMatchObject({
    kind: 'stateful',
    channels: 4,
    cascade: 2,
    delaySamples: 4800,
    stateSize: plan.size
  })
  expect(metadata!.gateSums).toEqual({ offset: 0, size: 22 * 8 })
  expect(metadata!.gateCount).toEqual({ offset: 22 * 8 })
  expect(await readModelMetadata(made.onePassPath)).toMatchObject({ kind: 'one-pass' })
  expect(await readGraphSignature(made.statefulPath)).toEqual({
    inputs: ['noisy', 'state', 'first_frame', 'frame_count'],
    outputs: ['clean', 'state_out'],
    externalData: [],
    customDomains: [],
    precision: 'fp32'
  })
})

it('takes an ONNX file of others as one without a description, wherever its graph lies', async () => {
  const graph = new GraphBuilder()
  graph.output('y', graph.node('Neg', [graph.input('x', 'float32', ['n'])]), ['n'])
  const path = join(folder, 'other.onnx')
  await writeFile(path, encodeModel(graph.build('other', {})))
  expect(await readModelMetadata(path)).toBeNull()
  expect(await readGraphSignature(path)).toMatchObject({ inputs: ['x'], outputs: ['y'] })
})

it.each([
  ['nothing', ''],
  ['a text', 'this is no model, but it is long enough to be read as one'],
  ['zeros', '\0'.repeat(5000)],
  ['a length beyond the file', '\x08\x08\x3a\xff\xff\xff\xff\x7f'],
  ['a number without an end', '\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'],
  ['no graph', '\x08\x08']
])('refuses %s with a code instead of a crash or an allocation', async (name, bytes) => {
  const path = join(folder, `${name}.onnx`)
  await writeFile(path, Buffer.from(bytes, 'latin1'))
  await expect(readModelMetadata(path)).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
  await expect(readGraphSignature(path)).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
})

it('refuses a broken description and one of a format to come', async () => {
  const graph = new GraphBuilder()
  graph.output('y', graph.node('Neg', [graph.input('x', 'float32', ['n'])]), ['n'])
  const path = join(folder, 'described.onnx')
  await writeFile(path, encodeModel(graph.build('other', { stillwave: '{' })))
  await expect(readModelMetadata(path)).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
  await writeFile(path, encodeModel(graph.build('other', { stillwave: '{"format":99}' })))
  await expect(readModelMetadata(path)).rejects.toMatchObject({ code: 'E_MODEL_UNSUPPORTED' })
})
