import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, decodeFile, ffmpegForTests, temporaryFolder } from '../testing/fixtures'
import { channelsOf, speakersOf } from '../ffmpeg/channelLayouts'
import type { AudioFormat } from '../types'
import { kbpsFor } from './encodeArgs'
import { createOutput } from './createOutput'
import type { OutputParts } from './createOutput'
import { parseEncoders } from './encoderList'
import { lackedFormats } from './lackedFormats'
import { chooseOutput } from './outputChoice'

const ffmpegPath = await ffmpegForTests()
const folder = await temporaryFolder()
const isLong = process.env.STILLWAVE_LONG === '1'
/** The others of its kind are in the suite through the whole pipeline (`engine/denoise/matrix.test.ts`). */
const SHORT = new Set(['alac.m4a', 'vorbis.ogg'])

describe('what is written', () => {
  const source: AudioFormat = {
    container: 'other',
    sampleFormat: 'compressed',
    ...{ validBits: 16, bigEndian: false, sampleRateHz: 44_100, channels: 2, channelMask: 0, declaredFrames: null }
  }
  const origin = (codecName: string, formatName: string, hasVideo = false): object => ({
    origin: { codecName, formatName, bitsPerSec: 128_000, hasVideo }
  })
  const all = new Set(['flac', 'alac', 'libmp3lame', 'aac', 'libvorbis', 'libopus'])
  const chosen = (name: string, extra: object, encoders = all): string => {
    const parts = { sourcePath: name, format: 'source', frames: 44_100, encoders } as const
    const { pcm, encoded } = chooseOutput({ ...parts, source: { ...source, ...extra } })
    const { extension, changed } = pcm ?? encoded
    return `${encoded?.kind ?? 'pcm'} ${extension}${changed ? ' changed' : ''}`
  }

  it.each([
    ['a.MP3', origin('mp3', 'mp3'), 'mp3 .MP3'],
    ['a.m4b', origin('aac', 'mov,mp4,m4a,3gp,3g2,mj2'), 'aac .m4b'],
    ['a.aac', origin('aac', 'aac'), 'aac .m4a changed'],
    ['a.wma', origin('wmav2', 'asf'), 'aac .m4a changed'],
    ['a.amr', { ...origin('amr_nb', 'amr'), sampleRateHz: 8000, channels: 1 }, 'aac .m4a changed'],
    ['a.webm', origin('opus', 'matroska,webm'), 'opus .opus changed'],
    ['a.ogg', origin('opus', 'ogg'), 'opus .ogg changed'],
    ['a.ape', origin('ape', 'ape'), 'flac .flac changed'],
    ['a.mp4', origin('aac', 'mov,mp4,m4a,3gp,3g2,mj2', true), 'pcm .wav changed'],
    ['a.au', origin('pcm_s16be', 'au'), 'pcm .wav changed'],
    ['a.ac3', { ...origin('ac3', 'ac3'), channels: 6 }, 'aac .m4a changed']
  ])('%s comes out as the nearest (a film as M4A, a lossy file blown up)', (name, extra, expected) => {
    expect(chosen(name, extra)).toBe(expected)
  })

  it.each([
    ['5.1(side)', 'opus', false, 0x3f],
    ['7.1(wide-side)', 'aac', true, 0x6cf],
    ['4.1', 'aac', true, 0x10f],
    ['4 channels', 'opus', false, 0x33]
  ])(
    '%s goes to an encoder that takes it, its speakers named (a file that fails, a fifth speaker as the centre)',
    (layout, kind, changed, mask) => {
      const shape = { sampleRateHz: 48_000, channels: channelsOf(layout), channelMask: speakersOf(layout) }
      const parts = { sourcePath: 'a.flac', format: 'opus', frames: 48_000, encoders: all } as const
      const { encoded } = chooseOutput({ ...parts, source: { ...source, ...origin('flac', 'flac'), ...shape } })
      expect(encoded).toMatchObject({ kind, changed, channelMask: mask })
    }
  )

  it('takes the next kind where ffmpeg lacks an encoder, and says so', () => {
    const vorbis = origin('vorbis', 'ogg')
    expect(chosen('a.ogg', vorbis, new Set(['libopus', 'aac']))).toBe('opus .ogg changed')
    expect(chosen('a.ogg', vorbis, new Set(['aac']))).toBe('aac .m4a changed')
    expect(chosen('a.ogg', vorbis, new Set(['flac']))).toBe('pcm .wav changed')
  })

  it('has a bit rate near the source, within what the codec has (a podcast of 64 kb/s that doubles)', () => {
    expect(kbpsFor('mp3', 2, { quality: 'standard', sourceKbps: 128 })).toBe(128)
    expect(kbpsFor('mp3', 2, { quality: 'high', sourceKbps: 256 })).toBe(320)
    expect(kbpsFor('opus', 1, { quality: 'standard', sourceKbps: null })).toBe(56)
  })

  it('reads the encoders off what ffmpeg prints, the legend left out', () => {
    const said = 'Encoders:\n A..... = Audio\n ------\n V..... libx264  x\n A....D flac   FLAC\n A..X.. opus   Opus\n'
    expect([...parseEncoders(said)]).toEqual(['flac', 'opus'])
    // ffmpeg's own `opus` encoder is an experiment: only libopus counts.
    expect(lackedFormats(parseEncoders(said))).toEqual(['alac', 'mp3', 'm4a', 'ogg', 'opus'])
  })
})

/** A second and a bit of a sweep, made by ffmpeg; the length is no multiple of any frame. */
function made(name: string, codec: readonly string[]): string {
  const path = join(folder, name)
  const sweep = 'aevalsrc=0.4*sin(2*PI*(200+900*t)*t)|0.3*sin(2*PI*(350+500*t)*t):s=48000:d=0.3171'
  execFileSync(ffmpegPath!, ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', sweep, ...codec, path])
  return path
}

async function partsFor(path: string, part: string): Promise<OutputParts & { channels: Float32Array[] }> {
  const { channels, format } = await decodeFile(path, ffmpegPath)
  return {
    ...{ sourcePath: path, source: format, frames: channels[0]!.length, partPath: join(folder, part), channels },
    ...{ format: 'source', quality: 'standard', video: 'replace', container: null, ffmpegPath }
  }
}

function snrDb(a: Float32Array, b: Float32Array): number {
  let [power, noise] = [0, 0]
  a.forEach((value, i) => {
    power += value * value
    noise += (value - b[i]!) ** 2
  })
  return 10 * Math.log10(power / noise)
}

describe.skipIf(ffmpegPath === null)('same as source, through ffmpeg', () => {
  const kinds: readonly (readonly [string, readonly string[], number])[] = [
    ['alac.m4a', ['-c:a', 'alac'], Infinity],
    ['pcm.caf', ['-c:a', 'pcm_s24be'], Infinity],
    ['vorbis.ogg', ['-c:a', 'libvorbis', '-q:a', '6'], 15],
    ['opus.opus', ['-c:a', 'libopus', '-b:a', '160k'], 15],
    ['aac.m4a', ['-c:a', 'aac', '-b:a', '192k'], 15],
    ['mp3.mp3', ['-c:a', 'libmp3lame', '-b:a', '192k'], 15]
  ]
  it.each(kinds.filter(([name]) => isLong || SHORT.has(name)))(
    '%s comes back as it was: length, place and kind (a delay of the encoder, a stereo turned round)',
    async (name, codec, minDb) => {
      const { channels, ...parts } = await partsFor(made(name, codec), `${name}.part`)
      const output = await createOutput(parts)
      await output.sink.write(channels)
      expect(await output.sink.finish()).toMatchObject({ frames: parts.frames, clippedSamples: 0 })
      expect(`${output.warnings.join()}${output.extension}`).toBe(name.slice(name.lastIndexOf('.')))
      const after = await decodeFile(parts.partPath, ffmpegPath)
      expect(after.channels[0]).toHaveLength(parts.frames)
      expect(after.warnings).toEqual([])
      channels.forEach((channel, c) => {
        if (minDb === Infinity) expect(after.channels[c]).toEqual(channel)
        else expect(snrDb(channel, after.channels[c]!)).toBeGreaterThan(minDb)
      })
    }
  )

  it('leaves no file behind when it is given up, and when fewer frames come than were announced', async () => {
    const { channels, ...parts } = await partsFor(made('gone.flac', []), 'gone.part')
    const first = await createOutput(parts)
    await first.sink.write(channels)
    await first.sink.abort()
    expect(existsSync(parts.partPath)).toBe(false)
    const second = await createOutput({ ...parts, frames: parts.frames + 1 })
    await second.sink.write(channels)
    expect(await codeOf(second.sink.finish())).toBe('E_INTERNAL')
    await second.sink.abort()
    expect(existsSync(parts.partPath)).toBe(false)
  })

  it('says what is in its way: no ffmpeg, a part that is there, samples over full scale', async () => {
    const { channels, ...parts } = await partsFor(made('way.flac', []), 'way.part')
    expect(await codeOf(createOutput({ ...parts, ffmpegPath: null }))).toBe('E_NO_FFMPEG')
    expect(await codeOf(createOutput({ ...parts, partPath: parts.sourcePath }))).not.toBe('done')
    const loud = await createOutput({ ...parts, format: 'mp3' })
    await loud.sink.write(channels.map((channel) => channel.map((value) => value * 3)))
    expect((await loud.sink.finish()).clippedSamples).toBeGreaterThan(0)
  })
})
