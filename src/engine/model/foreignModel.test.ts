import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import { checkForeignModel } from './foreignModel'
import { formulaStateDict } from './formulaWeights'
import { buildOnePass } from './onePass'
import { GraphBuilder } from './onnx/graphBuilder'
import { ProtoMessage } from './onnx/protobuf'
import { encodeModel } from './onnx/writeModel'

const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-foreign-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const file = path.join(folder, 'model.onnx')
const check = (bytes: Uint8Array): Promise<void> => {
  writeFileSync(file, bytes)
  return checkForeignModel(file)
}

const message = (): ProtoMessage => new ProtoMessage()

interface Wave {
  readonly name?: string
  readonly type?: number
  readonly dims?: readonly (number | string)[]
}

function value({ name = 'audio', type = 1, dims = ['n'] }: Wave): ProtoMessage {
  const shape = message()
  for (const dim of dims) shape.message(1, typeof dim === 'string' ? message().text(2, dim) : message().varint(1, dim))
  return message()
    .text(1, name)
    .message(2, message().message(1, message().varint(1, type).message(2, shape)))
}

const node = (type: string, more: (node: ProtoMessage) => ProtoMessage = (same) => same): ProtoMessage =>
  more(message().text(1, 'audio').text(2, 'clean').text(4, type))
const tensor = (): ProtoMessage => message().varint(1, 2).varint(2, 1).text(8, 'w').block(9, Buffer.alloc(8))

interface Parts {
  readonly inputs?: readonly Wave[]
  readonly outputs?: readonly Wave[]
  readonly nodes?: readonly ProtoMessage[]
  readonly constants?: readonly ProtoMessage[]
  readonly graph?: (graph: ProtoMessage) => ProtoMessage
  readonly model?: (model: ProtoMessage) => ProtoMessage
}

function model({
  inputs = [{}],
  outputs = [{ name: 'clean' }],
  nodes = [node('Neg')],
  constants = [],
  ...more
}: Parts = {}): Buffer {
  const graph = message().text(2, 'g')
  for (const one of inputs) graph.message(11, value(one))
  for (const one of outputs) graph.message(12, value(one))
  for (const one of nodes) graph.message(1, one)
  for (const one of constants) graph.message(5, one)
  const whole = message().varint(1, 8).message(8, message().text(1, '').varint(2, 17))
  const built = (more.model ?? ((same) => same))(whole.message(7, (more.graph ?? ((same) => same))(graph)))
  return Buffer.concat(built.chunks())
}

const withGraph = (inner: ProtoMessage): ProtoMessage =>
  node('Loop', (loop) => loop.message(5, message().text(1, 'body').message(6, inner).varint(20, 5)))
const nested = (depth: number): ProtoMessage =>
  Array.from({ length: depth }).reduce<ProtoMessage>((inner) => message().message(1, withGraph(inner)), message())
const outside = (location: string): ProtoMessage =>
  message()
    .varint(1, 2)
    .varint(2, 1)
    .text(8, 'w')
    .message(13, message().text(1, 'location').text(2, location))
    .varint(14, 1)

describe('models of others', () => {
  it.each([
    ['[n]', model()],
    ['[1, n]', model({ inputs: [{ name: 'speech', dims: [1, 'n'] }] })],
    ['[batch, n]', model({ inputs: [{ name: 'noisy', dims: ['b', 'n'] }] })],
    ['constants of its own', model({ constants: [tensor()] })],
    ['a constant that is also an input', model({ inputs: [{}, { name: 'w', dims: [2] }], constants: [tensor()] })],
    ['a loop over its own body', model({ nodes: [withGraph(message().message(5, tensor()))] })],
    ['our own one-pass graph', Buffer.from(encodeModel(buildOnePass(formulaStateDict({ channels: 2, cascade: 1 }))))]
  ])('%s is taken', async (_, bytes) => {
    await expect(check(bytes)).resolves.toBeUndefined()
  })

  const REFUSED: readonly (readonly [string, Uint8Array, string])[] = [
    ['constants in a file beside it', model({ constants: [outside('weights.bin')] }), 'UNSAFE'],
    ['constants at an absolute path', model({ constants: [outside('/etc/passwd')] }), 'UNSAFE'],
    ['constants above its folder', model({ constants: [outside('../../secret')] }), 'UNSAFE'],
    ['a place outside without a location', model({ constants: [tensor().varint(14, 1)] }), 'UNSAFE'],
    ['external constants in a loop', model({ nodes: [withGraph(message().message(5, outside('x')))] }), 'UNSAFE'],
    [
      'external constants in an attribute',
      model({ nodes: [node('Constant', (n) => n.message(5, message().text(1, 'value').message(5, outside('x'))))] }),
      'UNSAFE'
    ],
    ['an operator of somebody', model({ nodes: [node('Run', (n) => n.text(7, 'com.microsoft'))] }), 'UNSAFE'],
    [
      'an operator of somebody in a loop',
      model({
        nodes: [
          withGraph(
            message().message(
              1,
              node('X', (n) => n.text(7, 'evil'))
            )
          )
        ]
      }),
      'UNSAFE'
    ],
    ['an imported domain', model({ model: (m) => m.message(8, message().text(1, 'custom').varint(2, 1)) }), 'UNSAFE'],
    ['functions of its own', model({ model: (m) => m.message(25, message().text(1, 'f')) }), 'UNSAFE'],
    ['graphs a hundred deep', model({ nodes: [withGraph(nested(100))] }), 'UNSUPPORTED'],
    ['a sparse constant', model({ graph: (g) => g.message(15, message()) }), 'UNSUPPORTED'],
    [
      'a constant of 2^50 floats',
      model({
        constants: [
          message()
            .varint(1, 2n ** 50n)
            .varint(2, 1)
            .text(8, 'w')
        ]
      }),
      'UNSUPPORTED'
    ],
    [
      'a constant of 10^9 floats without bytes',
      model({ constants: [message().varint(1, 1_000_000_000).varint(2, 1).text(8, 'w')] }),
      'UNSUPPORTED'
    ],
    [
      'lengths whose product overflows',
      model({
        constants: [
          message()
            .varints(1, [2n ** 40n, 2n ** 40n])
            .varint(2, 1)
        ]
      }),
      'UNSUPPORTED'
    ],
    [
      'a thousand axes',
      model({
        constants: [
          message()
            .varints(
              1,
              Array.from({ length: 1000 }, () => 1)
            )
            .varint(2, 1)
        ]
      }),
      'UNSUPPORTED'
    ],
    [
      'a constant that holds less than it declares',
      model({ constants: [message().varint(1, 1000).varint(2, 1).block(9, Buffer.alloc(8))] }),
      'DAMAGED'
    ],
    ['two inputs', model({ inputs: [{}, { name: 'state' }] }), 'UNSUPPORTED'],
    ['no input', model({ inputs: [] }), 'UNSUPPORTED'],
    ['two outputs', model({ outputs: [{ name: 'a' }, { name: 'b' }] }), 'UNSUPPORTED'],
    ['no output', model({ outputs: [] }), 'UNSUPPORTED'],
    ['an input of another name', model({ inputs: [{ name: 'pixels' }] }), 'UNSUPPORTED'],
    ['integers', model({ inputs: [{ type: 7 }] }), 'UNSUPPORTED'],
    ['halves as output', model({ outputs: [{ name: 'clean', type: 10 }] }), 'UNSUPPORTED'],
    ['a picture', model({ inputs: [{ dims: ['b', 3, 'h', 'w'] }] }), 'UNSUPPORTED'],
    ['a fixed length', model({ inputs: [{ dims: [1, 16_000] }] }), 'UNSUPPORTED'],
    ['no shape', model({ inputs: [{ dims: [] }] }), 'UNSUPPORTED'],
    ['two graphs', model({ model: (m) => m.message(7, message()) }), 'DAMAGED'],
    ['no graph', Buffer.concat(message().varint(1, 8).chunks()), 'DAMAGED'],
    ['nothing', Buffer.alloc(0), 'DAMAGED'],
    ['half of a model', model({ constants: [tensor()] }).subarray(0, 60), 'DAMAGED'],
    ['a pickle', Buffer.from('\x80\x02cos\nsystem\n(X\x01\x00\x00\x00xtR.', 'latin1'), 'DAMAGED'],
    ['random bytes', Buffer.from(Array.from({ length: 5000 }, (_, i) => Math.imul(i, 2_654_435_761) >>> 24)), 'DAMAGED']
  ]

  it.each(REFUSED)('%s: refused with a code, before a session sees it', async (_, bytes, code) => {
    const outcome: unknown = await check(bytes).catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(AppError)
    expect((outcome as AppError).code).toBe(`E_MODEL_${code}`)
  })

  it('a graph of another builder with free axes is taken, and its cuts never crash', async () => {
    const graph = new GraphBuilder()
    graph.output('out', graph.node('Neg', [graph.input('waveform', 'float32', ['batch', 'samples'])]), [
      'batch',
      'samples'
    ])
    const whole = encodeModel(graph.build('other', {}))
    await expect(check(whole)).resolves.toBeUndefined()
    for (let length = 0; length < whole.length; length++) {
      const outcome: unknown = await check(whole.subarray(0, length)).catch((error: unknown) => error)
      if (outcome !== undefined) expect(outcome).toBeInstanceOf(AppError)
    }
  })
})
