import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { OutputFormat } from '../../../shared/settings/choices'
import { createOutput } from '../encode/createOutput'
import type { Output } from '../encode/createOutput'
import { chunkHead, decodeFile, ffmpegForTests, temporaryFolder, wavBytes } from '../testing/fixtures'
import { chapterComments, parseTagText, tagText } from './ffmetadata'
import { readTagChunks } from './pcmChunks'
import { readPicture, readSourceTags } from './sourceTags'

const ffmpegPath = await ffmpegForTests()
const folder = await temporaryFolder()

const TAGS: [string, string][] = [
  ['title', 'T=i;t \\ le # ü 漢'],
  ['artist', 'A'],
  ['album_artist', 'AA'],
  ['comment', 'line 1\nline 2'],
  ['track', '3/9']
]
const CHAPTERS = [
  { startSec: 0, endSec: 0.15, title: 'one' },
  { startSec: 0.15, endSec: 0.3, title: 'two; = #' }
]

describe('ffmetadata', () => {
  it('comes back as it was written (a mark or a line break in a value that ends it)', () => {
    expect(parseTagText(tagText(TAGS, CHAPTERS))).toEqual({ file: TAGS, track: [], chapters: CHAPTERS })
  })

  it('gives chapters as Vorbis comments, past an hour too', () => {
    expect(chapterComments([{ startSec: 3723.4567, endSec: 4000, title: 'x' }])).toEqual([
      ['CHAPTER000', '01:02:03.457'],
      ['CHAPTER000NAME', 'x']
    ])
  })
})

async function pass(path: string, format: OutputFormat): Promise<{ path: string; output: Output }> {
  const sound = await decodeFile(path, ffmpegPath)
  const partPath = `${path}.${format}.part`
  const frames = sound.channels[0]!.length
  const output = await createOutput({
    ...{ sourcePath: path, source: sound.format, frames, partPath, format, quality: 'standard', video: 'replace' },
    ...{ container: null, ffmpegPath }
  })
  await output.sink.write(sound.channels)
  await output.sink.finish()
  return { path: partPath, output }
}

describe('chunks of WAV and AIFF', () => {
  const chunk = (id: string, body: string): Buffer =>
    Buffer.concat([chunkHead(id, body.length), Buffer.from(body, 'latin1'), Buffer.alloc(body.length % 2)])

  it('before and behind the samples are carried over as bytes, but for measured levels (bext, iXML or cue lost)', async () => {
    const bext = Buffer.alloc(602)
    bext.write('a description', 0)
    bext.writeUInt16LE(2, 346)
    bext.writeInt16LE(-2300, 412)
    const beforeData = Buffer.concat([chunkHead('bext', 602), bext, chunk('PEAK', 'of the noisy one')])
    const afterData = Buffer.concat([
      chunk('iXML', '<BWFXML/>x'),
      chunk('cue ', '\0\0\0\0'),
      chunk('LIST', 'INFOINAM\x02\0\0\0T\0')
    ])
    const path = join(folder, 'chunks.wav')
    writeFileSync(path, wavBytes({ samples: Int16Array.from({ length: 4801 }, (_, i) => i), beforeData, afterData }))
    const { path: made, output } = await pass(path, 'source')
    expect(output.warnings).toEqual([])
    const { chunks } = await readTagChunks(made)
    expect(chunks.map(({ id }) => id)).toEqual(['bext', 'iXML', 'cue ', 'LIST'])
    expect(chunks[0]!.body.toString('latin1', 0, 13)).toBe('a description')
    expect(chunks[0]!.body.readUInt16LE(412)).toBe(0x7fff)
    expect(chunks.slice(1).map(({ body }) => body.toString('latin1'))).toEqual([
      '<BWFXML/>x',
      '\0\0\0\0',
      'INFOINAM\x02\0\0\0T\0'
    ])
    expect((await decodeFile(made)).channels).toEqual((await decodeFile(path)).channels)
    expect(readFileSync(made).readUInt32LE(4)).toBe(readFileSync(made).length - 8)
  })
})

describe.skipIf(ffmpegPath === null)('a source whose tags ffmpeg cannot give (32-bit RIFX: the file failed)', () => {
  /** Sixteen bits, with the chunk between format and samples, or without one. */
  function rifx(name: string, info: Buffer): string {
    const samples = Buffer.from(Int16Array.from({ length: 4801 }, (_, i) => i).buffer).swap16()
    const part = (id: string, body: Buffer): Buffer => {
      const head = Buffer.from(`${id}....`, 'latin1')
      head.writeUInt32BE(body.length, 4)
      return Buffer.concat([head, body])
    }
    const format = Buffer.alloc(16)
    for (const [at, value] of [[0, 1], [2, 1], [12, 2], [14, 16]] as const) format.writeUInt16BE(value, at) // prettier-ignore
    format.writeUInt32BE(16_000, 4)
    format.writeUInt32BE(32_000, 8)
    const tags = info.length > 0 ? part('LIST', info) : info
    const body = Buffer.concat([Buffer.from('WAVE'), part('fmt ', format), tags, part('data', samples)])
    const path = join(folder, name)
    writeFileSync(path, part('RIFX', body))
    return path
  }

  it.each([
    ['source', '', []],
    ['flac', '', []],
    ['source', 'INFOINAM\0\0\0\x02T\0', ['W_TAGS_LOST']],
    ['flac', 'INFOINAM\0\0\0\x02T\0', ['W_TAGS_LOST']]
  ] as const)('goes to %s with its sound, and says whether tags were lost', async (format, info, lost) => {
    const path = rifx(`rifx-${format}-${info.length}.wav`, Buffer.from(info, 'latin1'))
    const { path: made, output } = await pass(path, format)
    expect(output.warnings.filter((code) => code === 'W_TAGS_LOST')).toEqual(lost)
    expect((await decodeFile(made, ffmpegPath)).channels).toEqual((await decodeFile(path)).channels)
  })

  it('gives no tags rather than an error (whatever ffmpeg thinks of a file)', async () => {
    const path = join(folder, 'not-sound.wav')
    writeFileSync(path, 'no RIFF at all')
    expect(await readSourceTags(path, ffmpegPath!)).toEqual({ tags: [], chapters: [], pictures: [], isPartial: true })
  })
})

describe.skipIf(ffmpegPath === null)('through ffmpeg', () => {
  /** A source with tags, chapters and a cover, made by ffmpeg itself. */
  function source(extension: string, codec: readonly string[]): { path: string; cover: Buffer } {
    const at = (name: string): string => join(folder, name)
    const run = (...args: string[]): Buffer => execFileSync(ffmpegPath!, ['-nostdin', '-v', 'error', '-y', ...args])
    writeFileSync(at('tags.txt'), tagText([...TAGS, ['replaygain_track_gain', '-3 dB']], CHAPTERS))
    run('-f', 'lavfi', '-i', 'testsrc=s=32x24', '-frames:v', '1', at('cover.png'))
    const inputs = [
      '-f',
      'lavfi',
      '-i',
      'sine=440:d=0.3',
      '-i',
      at('cover.png'),
      '-f',
      'ffmetadata',
      '-i',
      at('tags.txt')
    ]
    const maps = ['-map', '0', '-map', '1', '-map_metadata', '2', '-map_chapters', '2', '-c:v', 'copy']
    const path = at(`source.${extension}`)
    run(...inputs, ...maps, '-disposition:v', 'attached_pic', '-metadata:s:v', 'comment=Cover (front)', ...codec, path)
    return { path, cover: readFileSync(at('cover.png')) }
  }

  it.each([
    ['mp3', ['-c:a', 'libmp3lame'], 'source'],
    ['m4a', ['-c:a', 'aac'], 'source'],
    ['flac', ['-c:a', 'flac'], 'source'],
    ['mp3', ['-c:a', 'libmp3lame'], 'opus']
  ] as const)('tags, cover and chapters of %s go over into the same (or %s)', async (extension, codec, format) => {
    const { path, cover } = source(extension, codec)
    const before = await readSourceTags(path, ffmpegPath!)
    const { path: made } = await pass(path, format)
    const after = await readSourceTags(made, ffmpegPath!)
    const sorted = (tags: readonly (readonly [string, string])[]): unknown[] => [...tags].sort()
    expect(sorted(after.tags)).toEqual(sorted(before.tags))
    expect(before.tags).toHaveLength(TAGS.length)
    expect(after.pictures).toHaveLength(1)
    expect((await readPicture(made, after.pictures[0]!, ffmpegPath!))!.equals(cover)).toBe(true)
    // FLAC keeps no chapters when ffmpeg writes the source.
    const chapters = extension === 'flac' ? [] : ['one', 'two; = #']
    expect(after.chapters.map(({ title }) => title)).toEqual(chapters)
    const shifts = after.chapters.map(({ startSec }, i) => Math.abs(startSec - CHAPTERS[i]!.startSec))
    expect(Math.max(0, ...shifts)).toBeLessThan(0.03)
    // The second reader: the very bytes of tag and picture.
    const bytes = readFileSync(made)
    const picture =
      format === 'opus' ? bytes.toString('latin1').includes('METADATA_BLOCK_PICTURE=') : bytes.includes(cover)
    expect(picture).toBe(true)
    expect(bytes.includes(Buffer.from('T=i;t \\ le # ü 漢'))).toBe(true)
    expect(bytes.toString('latin1').toLowerCase()).not.toContain('replaygain_track_gain')
  })
})
