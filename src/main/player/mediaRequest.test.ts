import { describe, expect, it } from 'vitest'
import { MAX_READ_FRAMES } from '../../media/protocol'
import { byteRangeOf } from './byteRange'
import { mediaResponse, mediaTokenOf, methodRefusal, type MediaBody } from './mediaRequest'
import { VirtualWav } from './virtualWav'

/** Two channels of two signals: 16 bytes a frame, more than three blocks of them, after an odd header. */
const CHANNELS = 2
const FRAMES = 50_011
const HEADER = Uint8Array.from({ length: 61 }, (_, i) => 255 - i)
const SAMPLES = Uint8Array.from({ length: FRAMES * CHANNELS * 2 * 4 }, (_, i) => (i * 31 + (i >> 8) * 7) & 255)
const TRUTH = Buffer.concat([HEADER, SAMPLES])
const SIZE = TRUTH.byteLength

function bodyOver(): MediaBody {
  const facts = { header: HEADER, frames: FRAMES, channels: CHANNELS } as const
  const wav = new VirtualWav(facts, 2, (first, frames) => {
    return Promise.resolve(SAMPLES.slice(first * 16, (first + frames) * 16))
  })
  const never = new AbortController().signal
  return {
    sizeBytes: wav.sizeBytes,
    etag: '"these"',
    stream: (start, end, onOver = () => undefined) => wav.stream(start, end, never, onOver)
  }
}

function ask(headers: Record<string, string>, method = 'GET'): Response {
  return mediaResponse({ method, headers: new Headers(headers) }, bodyOver())
}

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

/** What is asked, and the part it should be: first byte and the one after the last. */
const PARTS: readonly (readonly [what: string, range: string, start: number, end: number])[] = [
  ['the first byte', 'bytes=0-0', 0, 1],
  ['the last byte', `bytes=${SIZE - 1}-${SIZE - 1}`, SIZE - 1, SIZE],
  ['all, open', 'bytes=0-', 0, SIZE],
  ['all, closed', `bytes=0-${SIZE - 1}`, 0, SIZE],
  ['the header alone', 'bytes=0-60', 0, 61],
  ['a part of the header', 'bytes=7-12', 7, 13],
  ['over the header into a sample', 'bytes=58-62', 58, 63],
  ['the first sample', 'bytes=61-64', 61, 65],
  ['in the middle of a sample', 'bytes=62-63', 62, 64],
  ['one byte of a sample', 'bytes=1002-1002', 1002, 1003],
  ['from the middle of a frame', 'bytes=70-', 70, SIZE],
  ['to the middle of a frame', 'bytes=61-4099', 61, 4100],
  ['odd over blocks', 'bytes=12345-700001', 12_345, 700_002],
  ['exactly a block', `bytes=61-${61 + 262_143}`, 61, 61 + 262_144],
  ['a byte more than a block', `bytes=61-${61 + 262_144}`, 61, 61 + 262_145],
  ['around the end of a block', `bytes=${61 + 262_140}-${61 + 262_150}`, 61 + 262_140, 61 + 262_151],
  ['an open end', 'bytes=400000-', 400_000, SIZE],
  ['the last byte, open', `bytes=${SIZE - 1}-`, SIZE - 1, SIZE],
  ['a suffix', 'bytes=-1', SIZE - 1, SIZE],
  ['a suffix over a frame', 'bytes=-37', SIZE - 37, SIZE],
  ['a suffix of all', `bytes=-${SIZE}`, 0, SIZE],
  ['a suffix longer than all', `bytes=-${SIZE + 5}`, 0, SIZE],
  ['an end past the end', `bytes=100-${SIZE + 1000}`, 100, SIZE],
  ['an end that no number holds', 'bytes=100-99999999999999999999999999999', 100, SIZE],
  ['a suffix that no number holds', `bytes=-${'9'.repeat(400)}`, 0, SIZE],
  ['zeros before it', 'bytes=00010-00019', 10, 20],
  ['another case', 'BYTES=5-9', 5, 10],
  ['blanks around the part', 'bytes= 5-9 ', 5, 10],
  ['empty elements of the list', 'bytes=,5-9 ,', 5, 10]
]

describe('parts of the virtual WAV (a player that hears a byte beside the right one hears noise)', () => {
  it.each(PARTS)('%s: %s', async (_what, range, start, end) => {
    const response = ask({ range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${SIZE}`)
    expect(response.headers.get('content-length')).toBe(String(end - start))
    expect((await bytesOf(response)).equals(TRUTH.subarray(start, end))).toBe(true)
  })

  it.each([
    ['past the end', `bytes=${SIZE}-`],
    ['far past the end', 'bytes=99999999999999999999999-'],
    ['inverted', 'bytes=9-5'],
    ['a suffix of nothing', 'bytes=-0'],
    ['neither end', 'bytes=-'],
    ['several', 'bytes=0-1,5-6'],
    ['several, one of them past the end', `bytes=0-1,${SIZE}-`],
    ['a sign', 'bytes=+5-9'],
    ['a fraction', 'bytes=1.5-9'],
    ['hexadecimal', 'bytes=0x1-9'],
    ['a blank in it', 'bytes=5 -9'],
    ['no set', 'bytes=']
  ])('%s is refused: %s', async (_what, range) => {
    const response = ask({ range })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe(`bytes */${SIZE}`)
    expect((await bytesOf(response)).byteLength).toBe(0)
  })

  it.each([
    ['no range', {}],
    ['a unit that nobody knows', { range: 'seconds=1-2' }],
    ['something that is no range', { range: 'bytes 1-2' }],
    ['the bytes of another time', { range: 'bytes=1-2', 'if-range': '"those"' }],
    ['a weak tag, which names no bytes', { range: 'bytes=1-2', 'if-range': 'W/"these"' }],
    ['a date, which is never told', { range: 'bytes=1-2', 'if-range': 'Sun, 06 Nov 1994 08:49:37 GMT' }]
  ] as readonly (readonly [string, Record<string, string>])[])('%s: all of it', async (_what, headers) => {
    const response = ask(headers)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-range')).toBeNull()
    expect(response.headers.get('accept-ranges')).toBe('bytes')
    expect((await bytesOf(response)).equals(TRUTH)).toBe(true)
  })

  it('gives a part of the same bytes to who has the rest of them', () => {
    expect(ask({ range: 'bytes=1-2', 'if-range': '"these"' }).status).toBe(206)
  })

  it('answers HEAD with the size and no body, whatever range it asks for', async () => {
    const response = ask({ range: 'bytes=1-2' }, 'HEAD')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe(String(SIZE))
    expect((await bytesOf(response)).byteLength).toBe(0)
  })

  it('says what it is, and lets nobody keep, guess or embed it', () => {
    const { headers } = ask({})
    expect(headers.get('content-type')).toBe('audio/wav')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', (method) => {
    const refusal = methodRefusal(method)
    expect(refusal?.status).toBe(405)
    expect(refusal?.headers.get('allow')).toBe('GET, HEAD')
  })
})

describe('byteRangeOf', () => {
  it.each(['bytes=0-', 'bytes=0-0', 'bytes=-1'])('has no part of nothing: %s', (range) => {
    expect(byteRangeOf(range, 0)).toEqual({ kind: 'unsatisfiable' })
  })

  it('counts right over 4 GiB and up to 2^53 (a part whose size was cut to 32 bits)', () => {
    const size = Number.MAX_SAFE_INTEGER
    expect(byteRangeOf('bytes=4294967296-4294967299', size)).toEqual({
      kind: 'part',
      start: 4_294_967_296,
      end: 4_294_967_300
    })
    expect(byteRangeOf(`bytes=${size - 1}-`, size)).toEqual({ kind: 'part', start: size - 1, end: size })
    expect(byteRangeOf(`bytes=${size}-`, size)).toEqual({ kind: 'unsatisfiable' })
    expect(byteRangeOf('bytes=-3', size)).toEqual({ kind: 'part', start: size - 3, end: size })
  })
})

describe('VirtualWav', () => {
  it('is exact far beyond 4 GiB, in the middle of a sample', async () => {
    const frames = 2 ** 33
    const byteAt = (at: number): number => (Math.floor(at / 8) * 13 + (at % 8)) & 255
    const wav = new VirtualWav({ header: HEADER, frames, channels: 2 }, 1, (first, count) =>
      Promise.resolve(Uint8Array.from({ length: count * 8 }, (_, i) => byteAt(first * 8 + i)))
    )
    expect(wav.sizeBytes).toBe(61 + 2 ** 36)
    const start = 2 ** 35 + 5
    const never = new AbortController().signal
    const bytes = new Uint8Array(
      await new Response(wav.stream(start, start + 20, never, () => undefined)).arrayBuffer()
    )
    expect([...bytes]).toEqual(Array.from({ length: 20 }, (_, i) => byteAt(start - 61 + i)))
  })

  it('cannot be longer than a number counts', () => {
    const facts = { header: HEADER, frames: 2 ** 51, channels: 2 } as const
    expect(() => new VirtualWav(facts, 2, () => Promise.resolve(HEADER))).toThrow('E_TOO_LONG')
  })

  it('reads nothing before it is asked, blocks of a bounded size then, and none after its reader has left', async () => {
    let reads = 0
    let cancelled = 0
    const facts = { header: new Uint8Array(0), frames: 10_000_000, channels: 1 } as const
    const wav = new VirtualWav(facts, 1, (_first, frames, signal) => {
      reads++
      expect(frames).toBeLessThanOrEqual(MAX_READ_FRAMES)
      signal.addEventListener('abort', () => cancelled++)
      return Promise.resolve(new Uint8Array(frames * 4))
    })
    let over = 0
    const stream = wav.stream(0, wav.sizeBytes, new AbortController().signal, () => over++)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(reads).toBe(0)
    const reader = stream.getReader()
    await reader.read()
    await reader.read()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(reads).toBe(2)
    await reader.cancel()
    expect([cancelled, over]).toEqual([2, 1])
  })

  it('fails where fewer samples come than there are (a length that was promised and never came)', async () => {
    const facts = { header: HEADER, frames: 100, channels: 1 } as const
    const wav = new VirtualWav(facts, 1, () => Promise.resolve(new Uint8Array(8)))
    let over = 0
    const stream = wav.stream(0, wav.sizeBytes, new AbortController().signal, () => over++)
    await expect(new Response(stream).arrayBuffer()).rejects.toThrow('8 bytes for 100 frames')
    expect(over).toBe(1)
  })

  it('ends with its signal, also while nobody reads (a closed clip kept a body open for ever)', async () => {
    const facts = { header: HEADER, frames: 100, channels: 1 } as const
    const wav = new VirtualWav(facts, 1, () => new Promise(() => undefined))
    const abort = new AbortController()
    let over = 0
    const stream = wav.stream(0, wav.sizeBytes, abort.signal, () => over++)
    abort.abort(new Error('closed'))
    expect(over).toBe(1)
    await expect(stream.getReader().read()).rejects.toThrow('closed')
  })
})

describe('mediaTokenOf', () => {
  it('is one name under /media of our origin', () => {
    expect(mediaTokenOf('app://stillwave/media/Ab_-9')).toBe('Ab_-9')
    expect(mediaTokenOf('app://stillwave/media/Ab_-9?t=1')).toBe('Ab_-9')
  })
  it.each([
    'app://stillwave/media/',
    'app://stillwave/media/a/b',
    'app://stillwave/media/..%2Fa',
    'app://stillwave/media/../media/a/',
    'app://other/media/a',
    'app://user@stillwave/media/a',
    'https://stillwave/media/a',
    `app://stillwave/media/${'a'.repeat(65)}`,
    'nonsense'
  ])('and nothing else: %s', (address) => {
    expect(mediaTokenOf(address)).toBeNull()
  })
})
