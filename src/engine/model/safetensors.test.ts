import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeSafetensors, readSafetensors } from './safetensors'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-safetensors-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'weights.safetensors')
  await writeFile(path, bytes)
  return path
}

/** A file with this header (an object, or text as it is) and this many bytes of data. */
function withHeader(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)])
}

const entry = (dtype: string, shape: unknown, offsets: unknown): unknown => ({
  a: { dtype, shape, data_offsets: offsets }
})

describe('readSafetensors', () => {
  it('reads back what was written', async () => {
    const tensors = new Map([
      ['a.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, 7) }],
      ['b', { shape: [], data: Float32Array.of(42) }],
      ['empty', { shape: [0, 4], data: new Float32Array(0) }]
    ])
    expect(await readSafetensors(await file(encodeSafetensors(tensors)))).toEqual(tensors)
  })

  it('widens F16 and BF16 exactly, subnormals and infinities included, and leaves counters out', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      half: { dtype: 'F16', shape: [5], data_offsets: [0, 10] },
      brain: { dtype: 'BF16', shape: [2], data_offsets: [10, 14] },
      steps: { dtype: 'I64', shape: [1], data_offsets: [14, 22] }
    }
    const bytes = Buffer.from(withHeader(header, 22))
    ;[0x3c00, 0xc100, 0x0001, 0x7c00, 0x8000, 0x3f80, 0xc049].forEach((bits, i) =>
      bytes.writeUInt16LE(bits, bytes.length - 22 + 2 * i)
    )
    const tensors = await readSafetensors(await file(bytes))
    expect([...tensors.get('half')!.data]).toEqual([1, -2.5, 2 ** -24, Infinity, -0])
    expect([...tensors.get('brain')!.data]).toEqual([1, -3.140625])
    expect(tensors.has('steps')).toBe(false)
  })

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['a header length beyond the file', Buffer.from('ffffffffffffff7f7b7d', 'hex')],
    ['a header length just beyond the file', Buffer.from('03000000000000007b7d', 'hex')],
    ['a header that is not JSON', withHeader('{"a":', 0)],
    ['a header that is not UTF-8', Buffer.from('0200000000000000ffff', 'hex')],
    ['a header that is a list', withHeader([], 0)],
    ['a tensor that is null', withHeader({ a: null }, 0)],
    ['offsets beyond the file', withHeader(entry('F32', [2], [0, 8]), 4)],
    ['offsets that run backwards', withHeader(entry('F32', [1], [4, 0]), 4)],
    ['offsets that are negative', withHeader(entry('F32', [1], [-4, 0]), 4)],
    ['offsets that are fractions', withHeader(entry('F32', [1], [0.5, 4.5]), 4)],
    ['a shape that needs more than the file', withHeader(entry('F32', [1e9, 1e9], [0, 4]), 4)],
    ['a shape beyond all numbers', withHeader(entry('F32', [2 ** 40, 2 ** 40, 2 ** 40], [0, 4]), 4)],
    ['a shape of negative lengths', withHeader(entry('F32', [-1, -1], [0, 4]), 4)],
    ['a shape that is text', withHeader(entry('F32', '1', [0, 4]), 4)],
    ['bytes that no tensor claims', withHeader(entry('F32', [1], [0, 4]), 8)],
    [
      'tensors that overlap',
      withHeader(
        {
          a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
          b: { dtype: 'F32', shape: [2], data_offsets: [4, 12] }
        },
        12
      )
    ]
  ])('refuses %s as damaged', async (_name, bytes) => {
    await expect(readSafetensors(await file(bytes))).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
  })

  it('refuses types that weights do not come in', async () => {
    const bytes = withHeader(entry('F64', [1], [0, 8]), 8)
    await expect(readSafetensors(await file(bytes))).rejects.toMatchObject({ code: 'E_MODEL_UNSUPPORTED' })
    await expect(readSafetensors(await file(withHeader(entry('F9', [1], [0, 4]), 4)))).rejects.toMatchObject({
      code: 'E_MODEL_UNSUPPORTED'
    })
  })
})
