import { expect, it } from 'vitest'
import { marksAtRate, tagsAtRate } from './marksAtRate'

const RATES = { fromHz: 48_000, toHz: 16_000 }
const chunk = (id: string, body: Buffer) => ({ id, body })

function cues(...positions: number[]): Buffer {
  const body = Buffer.alloc(4 + 24 * positions.length)
  body.writeUInt32LE(positions.length, 0)
  positions.forEach((position, i) => {
    for (const field of [4, 20]) body.writeUInt32LE(position, 4 + 24 * i + field)
    body.write('data', 4 + 24 * i + 8, 'latin1')
  })
  return body
}

function markers(...marks: [number, string][]): Buffer {
  const bodies = marks.map(([position, name], i) => {
    const text = Buffer.from(name)
    const body = Buffer.alloc(6 + Math.ceil((text.length + 1) / 2) * 2)
    body.writeUInt16BE(i + 1, 0)
    body.writeUInt32BE(position, 2)
    body.writeUInt8(text.length, 6)
    text.copy(body, 7)
    return body
  })
  const count = Buffer.alloc(2)
  count.writeUInt16BE(marks.length)
  return Buffer.concat([count, ...bodies])
}

function broadcast(samples: bigint): Buffer {
  const body = Buffer.alloc(602)
  body.writeBigUInt64LE(samples, 338)
  return body
}

function stretch(samples: number): Buffer {
  const body = Buffer.alloc(4 + 8 + 20)
  body.write('adtl', 0, 'latin1')
  body.write('ltxt', 4, 'latin1')
  body.writeUInt32LE(20, 8)
  body.writeUInt32LE(samples, 16)
  return body
}

it('marks stay where they are in time, whatever kind they are of (a cue at three times its place)', () => {
  const { chunks, isWhole } = marksAtRate(
    [
      chunk('cue ', cues(48_000, 96_001)),
      chunk('MARK', markers([48_000, 'a'], [480_000, 'ab'])),
      chunk('bext', broadcast(48_000n * 86_400n)),
      chunk('LIST', stretch(24_000)),
      chunk('iXML', Buffer.from('<SPEED><FILE_SAMPLE_RATE>48000</FILE_SAMPLE_RATE></SPEED>')),
      chunk('smpl', Buffer.alloc(36)),
      chunk('note', Buffer.from('as it is'))
    ],
    RATES
  )
  expect(isWhole).toBe(false)
  expect(chunks).toEqual([
    chunk('cue ', cues(16_000, 32_000)),
    chunk('MARK', markers([16_000, 'a'], [160_000, 'ab'])),
    chunk('bext', broadcast(16_000n * 86_400n)),
    chunk('LIST', stretch(8000)),
    chunk('iXML', Buffer.from('<SPEED><FILE_SAMPLE_RATE>16000</FILE_SAMPLE_RATE></SPEED>')),
    chunk('note', Buffer.from('as it is'))
  ])
  expect(
    tagsAtRate(
      [
        ['time_reference', '48000'],
        ['title', '48000']
      ],
      RATES
    )
  ).toEqual([
    ['time_reference', '16000'],
    ['title', '48000']
  ])
})

it('chunks of a result with its source’s rate are the same bytes, and cut ones harm nothing (a crash over a short chunk)', () => {
  const all = [chunk('smpl', Buffer.alloc(3)), chunk('cue ', cues(7))]
  expect(marksAtRate(all, { fromHz: 44_100, toHz: 44_100 })).toEqual({ chunks: all, isWhole: true })
  const cut = ['cue ', 'MARK', 'bext', 'LIST', 'iXML'].flatMap((id) =>
    [0, 1, 5, 9].map((bytes) => chunk(id, Buffer.from('adtlltxt\xff'.slice(0, bytes), 'latin1')))
  )
  expect(marksAtRate(cut, RATES).chunks.map(({ id }) => id)).toEqual(cut.map(({ id }) => id))
})
