import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { AppError } from '../../../shared/errors/appError'
import { formulaStateDict } from '../formulaWeights'
import { checkWeights, type StateDict } from '../stateDict'
import { readCheckpoint } from './readCheckpoint'
import { PickleWriter, torchArchive, zipOf, type Entry } from './torchFiles.testkit'

const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-checkpoint-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const fixture = (name: string): string => path.resolve('src/engine/model/checkpoint/fixtures', name)
const expected = formulaStateDict({ channels: 2, cascade: 1 })

function written(bytes: Buffer): string {
  const file = path.join(folder, 'file.pt')
  writeFileSync(file, bytes)
  return file
}

function expectSame(read: StateDict, want: StateDict, digits = 7): void {
  const { tensors } = checkWeights(read)
  expect([...tensors.keys()].sort()).toEqual([...want.keys()].sort())
  for (const [name, { shape, data }] of want) {
    const tensor = tensors.get(name)!
    expect(tensor.shape, name).toEqual(shape)
    let worst = 0
    for (const [i, value] of data.entries()) worst = Math.max(worst, Math.abs(value - tensor.data[i]!))
    expect(worst, name).toBeLessThan(10 ** -digits)
  }
}

describe('files that PyTorch wrote', () => {
  it.each([
    ['archive.pt', 7],
    ['legacy.pt', 7],
    ['parameters.pt', 7],
    ['wrapped-half.pt', 3]
  ])('%s is read with every weight in its place', async (name, digits) => {
    expectSame(await readCheckpoint(fixture(name)), expected, digits)
  })
})

describe('layouts of the archive', () => {
  it.each([
    ['another seed, deflated', { isDeflated: true }],
    ['keys behind module.', { prefix: 'module.' }],
    ['keys behind model.module.', { prefix: 'model.module.' }]
  ])('%s', async (_, layout) => {
    const weights = formulaStateDict({ channels: 3, cascade: 2 }, 99)
    expectSame(await readCheckpoint(written(torchArchive(weights, layout))), weights)
  })

  it('bfloat16 in a state_dict among other things, any seed (the upper half of a float taken for a half is another number)', async () => {
    const full = formulaStateDict({ channels: 2, cascade: 1 }, 4711)
    const upper = (value: number): number => (new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16) * 65_536
    const asFloat = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0]!
    const pickle = new PickleWriter().op('}(').text('epoch').int(3).text('state_dict').op('}(')
    const entries: Entry[] = []
    for (const [n, [name, { shape, data }]] of [...full].entries()) {
      pickle.text(`model.${name}`).tensor({ key: String(n), type: 'BFloat16Storage', count: data.length }, shape)
      const bytes = Buffer.alloc(2 * data.length)
      data.forEach((value, i) => bytes.writeUInt16LE(upper(value) / 65_536, 2 * i))
      entries.push(entry(`x/data/${n}`, bytes))
    }
    const read = await readCheckpoint(written(zipOf([entry('x/data.pkl', pickle.op('uu').end()), ...entries])))
    const wanted = [...full].map(
      ([name, { shape, data }]) => [name, { shape, data: data.map((value) => asFloat(upper(value))) }] as const
    )
    expectSame(read, new Map(wanted))
  })

  it('a tensor that is a transposed view of its storage (read in storage order it would be another one)', async () => {
    const pickle = new PickleWriter().op('}(')
    const [rows, columns] = [4, 2]
    pickle.text('unet.encoder0.conv.conv_re.weight')
    pickle.tensor({ key: '0', type: 'FloatStorage', count: 9, offset: 1 }, [rows, columns], [1, rows])
    const data = Buffer.from(Float32Array.from({ length: 9 }, (_, i) => i).buffer)
    const file = written(zipOf([entry('x/data.pkl', pickle.op('u').end()), entry('x/data/0', data)]))
    const tensor = (await readCheckpoint(file)).get('unet.encoder0.conv.conv_re.weight')
    expect([...tensor!.data]).toEqual([1, 5, 2, 6, 3, 7, 4, 8])
  })
})

function entry(name: string, data: Buffer, more: Partial<Entry> = {}): Entry {
  return { name, data, ...more }
}

const KEY = 'unet.encoder0.conv.conv_re.weight'
const archiveOf = (pickle: Buffer, ...more: Entry[]): Buffer => zipOf([entry('x/data.pkl', pickle), ...more])
const oneTensor = (count: number, shape: readonly number[], type = 'FloatStorage'): Buffer =>
  new PickleWriter().op('}(').text(KEY).tensor({ key: '0', type, count }, shape).op('u').end()
const whole = torchArchive(expected)
const long = (letter: number, ...bytes: number[]): Buffer => new PickleWriter().raw(letter, ...bytes).end()

/** What no honest program writes; none may do more than end in a typed error. */
const HOSTILE: readonly (readonly [string, Buffer, string])[] = [
  [
    'os.system',
    archiveOf(new PickleWriter().global('os', 'system').op('(').text('touch owned').op('tR').end()),
    'os.system'
  ],
  ['posix.system', archiveOf(new PickleWriter().global('posix', 'system').op(')R').end()), 'posix.system'],
  ['builtins.eval', archiveOf(new PickleWriter().global('builtins', 'eval').op(')R').end()), 'builtins.eval'],
  ['__builtin__.exec', archiveOf(new PickleWriter().global('__builtin__', 'exec').op(')R').end()), 'exec'],
  ['builtins.getattr', archiveOf(new PickleWriter().global('builtins', 'getattr').op(')R').end()), 'getattr'],
  ['torch.hub.load', archiveOf(new PickleWriter().global('torch.hub', 'load').op(')R').end()), 'torch.hub.load'],
  ['torch.load', archiveOf(new PickleWriter().global('torch', 'load').op(')R').end()), 'torch.load'],
  ['numpy scalars', archiveOf(new PickleWriter().global('numpy.core.multiarray', 'scalar').op(')R').end()), 'numpy'],
  ['an argparse namespace', archiveOf(new PickleWriter().global('argparse', 'Namespace').op(')R').end()), 'argparse'],
  [
    'a name by STACK_GLOBAL',
    archiveOf(new PickleWriter().text('os').text('system').raw(0x93).op(')R').end()),
    'os.system'
  ],
  ['INST', archiveOf(new PickleWriter().op('(ios\nsystem\n').end()), '0x69'],
  ['OBJ', archiveOf(new PickleWriter().op('(o').end()), '0x6f'],
  ['EXT1', archiveOf(new PickleWriter().raw(0x82, 1).end()), '0x82'],
  ['a call of what is no function', archiveOf(new PickleWriter().int(3).op(')R').end()), ''],
  ['a call without arguments', archiveOf(new PickleWriter().global('collections', 'OrderedDict').op('NR').end()), ''],
  ['an empty stack', archiveOf(new PickleWriter().op('00').end()), ''],
  ['a missing mark', archiveOf(new PickleWriter().op('t').end()), ''],
  ['a memo that is not there', archiveOf(new PickleWriter().op('h').raw(7).end()), ''],
  ['no end', archiveOf(Buffer.from([0x80, 2, 0x28])), ''],
  ['nothing at all', archiveOf(Buffer.alloc(0)), ''],
  ['a text of four gigabytes', archiveOf(long(0x58, 0xff, 0xff, 0xff, 0xff)), ''],
  ['bytes of 2^63', archiveOf(long(0x8e, 0, 0, 0, 0, 0, 0, 0, 0x80)), ''],
  ['a number of two gigabytes', archiveOf(long(0x8b, 0xff, 0xff, 0xff, 0x7f)), ''],
  ['a million marks', archiveOf(Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(1_000_000, '(')])), ''],
  ['a million memos', archiveOf(new PickleWriter().op('}').op('\x94'.repeat(1_000_000)).end()), ''],
  ['a list instead of a dictionary', archiveOf(new PickleWriter().op(']').end()), ''],
  ['a dictionary of itself', archiveOf(new PickleWriter().op('}q\x00').text('model').op('h\x00s').end()), ''],
  ['weights of something else', archiveOf(new PickleWriter().op('}').text('bert.weight').op('Ns').end()), ''],
  ['a tensor of 2^40 floats', archiveOf(oneTensor(0x7fffffff, [0x7fffffff])), ''],
  ['a shape beyond its storage', archiveOf(oneTensor(4, [400, 400]), entry('x/data/0', Buffer.alloc(16))), ''],
  ['a negative shape', archiveOf(oneTensor(4, [-4]), entry('x/data/0', Buffer.alloc(16))), ''],
  [
    'a shape of 100 axes',
    archiveOf(
      oneTensor(
        4,
        Array.from({ length: 100 }, () => 1)
      ),
      entry('x/data/0', Buffer.alloc(16))
    ),
    ''
  ],
  ['a storage that is not there', archiveOf(oneTensor(4, [4])), ''],
  ['a storage that is shorter', archiveOf(oneTensor(4, [4]), entry('x/data/0', Buffer.alloc(8))), ''],
  ['a storage of unknown type', archiveOf(oneTensor(4, [4], 'QuantizedStorage')), 'QuantizedStorage'],
  [
    'a storage of integers under a weight',
    archiveOf(oneTensor(2, [2], 'LongStorage'), entry('x/data/0', Buffer.alloc(16))),
    ''
  ],
  [
    'a storage outside of the archive',
    archiveOf(
      new PickleWriter()
        .op('}(')
        .text(KEY)
        .tensor({ key: '../../etc/passwd', type: 'FloatStorage', count: 4 }, [4])
        .op('u')
        .end()
    ),
    ''
  ],
  [
    'a bomb',
    archiveOf(
      oneTensor(1 << 24, [1 << 24]),
      entry('x/data/0', Buffer.alloc(1 << 26), { isDeflated: true, declaredBytes: 64 })
    ),
    ''
  ],
  [
    'a deflated pickle longer than it says',
    zipOf([entry('x/data.pkl', Buffer.alloc(1 << 20, '('), { isDeflated: true, declaredBytes: 10 })]),
    ''
  ],
  [
    'a pickle that says it has a gigabyte',
    zipOf([entry('x/data.pkl', Buffer.alloc(10), { declaredBytes: 1 << 30 })]),
    ''
  ],
  ['two pickles', zipOf([entry('a/data.pkl', Buffer.alloc(1)), entry('b/data.pkl', Buffer.alloc(1))]), ''],
  ['an archive of something else', zipOf([entry('word/document.xml', Buffer.from('<x/>'))]), ''],
  ['big-endian numbers', archiveOf(oneTensor(4, [4]), entry('x/byteorder', Buffer.from('big'))), 'big'],
  ['a directory that is cut off', whole.subarray(0, whole.length - 30), ''],
  ['half an archive', whole.subarray(0, whole.length >> 1), ''],
  ['an archive of 4 bytes', Buffer.from('PK\x03\x04', 'latin1'), ''],
  ['an archive of zeros behind its name', Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(4096)]), ''],
  ['a bare pickle', new PickleWriter().global('os', 'system').end(), ''],
  ['an empty file', Buffer.alloc(0), ''],
  ['text', Buffer.from('these are no weights\n'.repeat(20)), ''],
  ['zeros', Buffer.alloc(5000), ''],
  ['an HDF5 file', Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), Buffer.alloc(500)]), 'HDF5']
]

const LEGACY_HEAD = Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e])
const legacy = (...pickles: Buffer[]): Buffer => Buffer.concat([LEGACY_HEAD, ...pickles])
const version = new PickleWriter().int(1001).end()
const little = new PickleWriter().op('}').text('little_endian').raw(0x88).op('s').end()

const HOSTILE_LEGACY: readonly (readonly [string, Buffer, string])[] = [
  ['the head alone', LEGACY_HEAD, ''],
  ['another version', legacy(new PickleWriter().int(7).end()), ''],
  ['no byte order', legacy(version, new PickleWriter().op('}').end()), ''],
  [
    'os.system as its object',
    legacy(version, little, new PickleWriter().global('os', 'system').op(')R').end()),
    'os.system'
  ],
  [
    'no list of storages',
    legacy(version, little, new PickleWriter().op('}').end(), new PickleWriter().op('N').end()),
    ''
  ],
  [
    'a storage of 2^62 elements',
    legacy(
      version,
      little,
      new PickleWriter()
        .op('}(')
        .text(KEY)
        .tensor({ key: 'a', type: 'FloatStorage', count: 4, isLegacy: true }, [4])
        .op('u')
        .end(),
      new PickleWriter().op('](').text('a').op('e').end(),
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x40])
    ),
    ''
  ],
  [
    'a storage that nothing uses',
    legacy(
      version,
      little,
      new PickleWriter().op('}').end(),
      new PickleWriter().op('](').text('z').op('e').end(),
      Buffer.alloc(16)
    ),
    ''
  ]
]

describe('hostile and broken files', () => {
  it.each([...HOSTILE, ...HOSTILE_LEGACY])('%s is a typed error, and nothing more', async (_, bytes, named) => {
    const before = process.memoryUsage()
    const outcome: unknown = await readCheckpoint(written(bytes)).then(
      (weights) => {
        try {
          checkWeights(weights)
        } catch (error) {
          return error
        }
        return 'read'
      },
      (error: unknown) => error
    )
    expect(outcome).toBeInstanceOf(AppError)
    const { code, message } = outcome as AppError
    expect(code).toMatch(/^E_MODEL_(DAMAGED|UNSAFE|UNSUPPORTED)$/u)
    expect(message).toContain(named)
    const after = process.memoryUsage()
    expect(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(256e6)
  })

  it('survives 300 files with flipped bytes and cuts (whatever is read is whole)', async () => {
    let [seed, refused] = [7, 0]
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(whole)
      for (let flips = 1 + random(4); flips > 0; flips--) bytes[random(bytes.length)] = random(256)
      const cut = random(3) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes
      const outcome: unknown = await readCheckpoint(written(cut)).catch((error: unknown) => error)
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(AppError)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(50)
  })
})
