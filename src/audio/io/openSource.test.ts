import { execFileSync } from 'node:child_process'
import { appendFile, readFile, rename, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSource } from './openSource'
import { createSink } from './pcmSink'
import { assertUnchanged, sourceIdentity } from './sourceIdentity'
import { chunkHead, codeOf, decodeFile, seededRandom, temporaryFolder, wavBytes } from './testing/fixtures'

const folder = await temporaryFolder()
let count = 0

async function fileOf(bytes: Buffer, name = 'wav'): Promise<string> {
  count += 1
  const path = join(folder, `${count}.${name}`)
  await writeFile(path, bytes)
  return path
}

const samples = Int16Array.from({ length: 1001 }, (_, i) => (i * 77) % 30_000)
const expected = Float32Array.from(samples, (value) => value / 32768)

describe('WAV as it is found', () => {
  const list = Buffer.concat([chunkHead('LIST', 5), Buffer.from('INFOx')])
  const padded = Buffer.concat([list, Buffer.alloc(1)])
  const after = Buffer.concat([chunkHead('LIST', 4), Buffer.from('INFO')])

  // Catches: each kind of header that players accept and a strict parser does not.
  it.each([
    ['plain', {}],
    ['chunks before fmt', { beforeFormat: padded }],
    ['an odd chunk with its pad byte', { beforeData: padded }],
    ['an odd chunk without its pad byte', { beforeData: list }],
    ['a stray zero byte between chunks', { beforeData: Buffer.alloc(1) }],
    ['chunks after the data', { afterData: after }],
    ['data size 0 of a stream', { dataSize: 0, riffSize: 0 }],
    ['data size 0xFFFFFFFF of a stream', { dataSize: 0xffffffff, riffSize: 0xffffffff }],
    ['the sizes sox leaves in a pipe', { dataSize: 0x7ffff000, riffSize: 0x7ffff024 }],
    ['the sizes arecord leaves', { dataSize: 0x80000000, riffSize: 0x80000024 }],
    ['a RIFF size that is nonsense', { riffSize: 3 }]
  ])('%s', async (_, parts) => {
    const read = await decodeFile(await fileOf(wavBytes({ samples, ...parts })))
    expect(read.channels).toEqual([expected])
    expect(read.warnings).toEqual([])
  })

  it('an empty data chunk before others holds no audio', async () => {
    const bytes = wavBytes({ samples: new Int16Array(0), afterData: after })
    expect(await codeOf(decodeFile(await fileOf(bytes)))).toBe('E_NO_AUDIO')
  })

  it('data before fmt is found', async () => {
    const plain = wavBytes({ samples })
    const [head, format, data] = [plain.subarray(0, 12), plain.subarray(12, 36), plain.subarray(36)]
    const read = await decodeFile(await fileOf(Buffer.concat([head, data, format])))
    expect(read.channels).toEqual([expected])
  })

  it('byte rate and block align that lie are not believed', async () => {
    const bytes = wavBytes({ samples })
    bytes.writeUInt32LE(12345, 28)
    bytes.writeUInt16LE(1, 32)
    expect((await decodeFile(await fileOf(bytes))).channels).toEqual([expected])
  })

  it('24 bits in the low bytes of 32 are told from 24 bits in the high bytes', async () => {
    for (const shift of [0, 8]) {
      const values = Int32Array.from(samples, (value, i) => ((i % 2 === 0 ? value : -value) * 200 + 1) << shift)
      const bytes = wavBytes({ samples: new Int16Array(values.buffer), sampleRateHz: 8000 })
      bytes.writeUInt16LE(4, 32)
      bytes.writeUInt16LE(24, 34)
      const [read] = (await decodeFile(await fileOf(bytes))).channels
      expect(read).toEqual(Float32Array.from(values, (value) => value / 2 ** (23 + shift)))
    }
  })

  // Catches: NaN in a source reaching the level, the model and the output.
  it('NaN and infinity are read as 0', async () => {
    const values = Float32Array.from([0.5, NaN, Infinity, -Infinity, 2.5])
    const bytes = wavBytes({ samples: new Int16Array(values.buffer) })
    bytes.writeUInt16LE(3, 20)
    bytes.writeUInt16LE(4, 32)
    bytes.writeUInt16LE(32, 34)
    expect((await decodeFile(await fileOf(bytes))).channels).toEqual([Float32Array.from([0.5, 0, 0, 0, 2.5])])
  })

  it('the name does not matter', async () => {
    expect((await decodeFile(await fileOf(wavBytes({ samples }), 'mp3'))).format.container).toBe('wav')
  })
})

describe('cut files', () => {
  const containers = ['wav', 'w64', 'aiff'] as const

  // Catches: a truncated recording that passes as whole (RELIABILITY R35: 100 % for the containers that we read).
  it.each(containers)('%s: every cut is flagged or refused', async (container) => {
    const path = await fileOf(Buffer.alloc(0), container)
    const whole = `${path}.whole`
    const sink = await createSink(whole, {
      ...{ container, sampleFormat: 's24', validBits: 24, sampleRateHz: 48_000, channels: 3, channelMask: 0 }
    })
    await sink.write([expected, expected, expected])
    const { bytes } = await sink.finish()
    const content = await readFile(whole)
    const audioEnd = bytes - (container === 'w64' ? 0 : 1)
    for (let size = 0; size < audioEnd; size += 97) {
      await writeFile(path, content.subarray(0, size))
      const result = await decodeFile(path).catch((thrown: unknown) => thrown as { code: string })
      if ('code' in result) expect(result.code).toMatch(/^E_(EMPTY|NO_AUDIO|CORRUPT|NO_FFMPEG)$/)
      else expect(result.warnings).toEqual(['W_TRUNCATED'])
    }
  })

  it('a stream of unknown length that ends inside a frame was cut', async () => {
    const bytes = wavBytes({ samples, dataSize: 0xffffffff })
    const read = await decodeFile(await fileOf(bytes.subarray(0, bytes.length - 1)))
    expect(read.warnings).toEqual(['W_TRUNCATED'])
    expect(read.channels[0]).toHaveLength(1000)
  })

  // Catches: a source cut while it is read that ends as if it were whole (R16).
  it('a source that becomes shorter is E_SOURCE_CHANGED', async () => {
    const path = await fileOf(wavBytes({ samples: new Int16Array(2_000_000) }))
    const source = await openSource(path, { ffmpegPath: null })
    await source.read(10)
    await truncate(path, 1_000_000)
    const rest = (async () => {
      while ((await source.read(65536)) !== null);
    })()
    expect(await codeOf(rest)).toBe('E_SOURCE_CHANGED')
    await source.close()
  })
})

describe('what is refused', () => {
  it('is refused with its code', async () => {
    expect(await codeOf(decodeFile(await fileOf(Buffer.alloc(0))))).toBe('E_EMPTY')
    expect(await codeOf(decodeFile(join(folder, 'nothing.wav')))).toBe('E_IO')
    expect(await codeOf(decodeFile(await fileOf(Buffer.from('fLaC and so on'))))).toBe('E_NO_FFMPEG')
    expect(await codeOf(decodeFile(folder))).toBe('E_UNSUPPORTED')
  })

  it.each([
    ['no channel', 22, 0, 'E_CORRUPT'],
    ['65 channels', 22, 65, 'E_UNSUPPORTED'],
    ['65,535 channels', 22, 65_535, 'E_UNSUPPORTED'],
    ['999 Hz', 24, 999, 'E_UNSUPPORTED'],
    ['A-law, without ffmpeg', 20, 6, 'E_NO_FFMPEG']
  ])('%s', async (_, offset, value, code) => {
    const bytes = wavBytes({ samples })
    bytes.writeUInt16LE(value, offset)
    expect(await codeOf(decodeFile(await fileOf(bytes)))).toBe(code)
  })

  // Catches: open() of a FIFO, which waits for a writer that never comes.
  it.skipIf(process.platform === 'win32')('pipes and devices are refused without waiting', async () => {
    const fifo = join(folder, 'fifo.wav')
    execFileSync('mkfifo', [fifo])
    const device = join(folder, 'zero.wav')
    await symlink('/dev/zero', device)
    const startedMs = performance.now()
    expect(await codeOf(decodeFile(fifo))).toBe('E_UNSUPPORTED')
    expect(await codeOf(decodeFile(device))).toBe('E_UNSUPPORTED')
    expect(performance.now() - startedMs).toBeLessThan(2000)
  })
})

describe('the identity of a source', () => {
  it.each([
    ['grew', (path: string) => appendFile(path, 'x')],
    ['was touched', (path: string) => utimes(path, 1, 1)],
    ['was replaced', async (path: string) => writeFile(`${path}.new`, 'x').then(() => renamed(path))]
  ])('a file that %s is another', async (_, change) => {
    const path = await fileOf(wavBytes({ samples }))
    const before = await sourceIdentity(path)
    await assertUnchanged(path, before)
    await change(path)
    expect(await codeOf(assertUnchanged(path, before))).toBe('E_SOURCE_CHANGED')
  })
})

async function renamed(path: string): Promise<void> {
  await rename(`${path}.new`, path)
}

describe('hostile headers', () => {
  const MUTANTS = 500

  // Catches: allocation by what a header says, endless chunk walks, RangeErrors out of the parsers (R34).
  it(
    `${MUTANTS} mutants give audio or a typed refusal, quickly and in little memory`,
    { timeout: 60_000 },
    async () => {
      const seeds = await seedFiles()
      const random = seededRandom(20261122)
      const startedRss = process.memoryUsage().rss
      let longestMs = 0
      const results = new Map<string, number>()
      for (let mutant = 0; mutant < MUTANTS; mutant += 1) {
        const path = await fileOf(mutate(seeds[mutant % seeds.length]!, random))
        const startedMs = performance.now()
        const code = await codeOf(decodeFile(path))
        longestMs = Math.max(longestMs, performance.now() - startedMs)
        results.set(code, (results.get(code) ?? 0) + 1)
      }
      expect(results.get('E_INTERNAL')).toBeUndefined()
      expect(results.get('done')).toBeGreaterThan(50)
      expect(results.size).toBeGreaterThan(3)
      expect(longestMs).toBeLessThan(5000)
      expect(process.memoryUsage().rss - startedRss).toBeLessThan(150e6)
    }
  )

  async function seedFiles(): Promise<Buffer[]> {
    const files = [wavBytes({ samples })]
    for (const container of ['wav', 'w64', 'aiff'] as const) {
      for (const [sampleFormat, validBits] of [['s24', 24] as const, ['f32', 32] as const]) {
        const path = join(folder, `seed-${container}-${sampleFormat}`)
        const shape = { sampleRateHz: 48_000, channels: 2, channelMask: 3 }
        const sink = await createSink(path, { container, sampleFormat, validBits, ...shape })
        await sink.write([expected, expected])
        await sink.finish()
        files.push(await readFile(path))
      }
    }
    return files
  }

  /** Bytes of the header changed, sizes made extreme, pieces cut, doubled or zeroed. */
  function mutate(seed: Buffer, random: () => number): Buffer {
    const bytes = Buffer.from(seed)
    const at = (): number => Math.floor(random() * 120)
    const kind = Math.floor(random() * 5)
    if (kind === 0) for (let n = 0; n < 8; n += 1) bytes[at()] = Math.floor(random() * 256)
    if (kind === 1) bytes.writeUInt32LE([0, 1, 0x7fffffff, 0xfffffffe, 0xffffffff][Math.floor(random() * 5)]!, at())
    if (kind === 2) return bytes.subarray(0, Math.floor(random() * bytes.length))
    if (kind === 3) return Buffer.concat([bytes.subarray(0, at()), bytes.subarray(at())])
    if (kind === 4) bytes.fill(0, at(), 130)
    return bytes
  }
})
