import { execFileSync } from 'node:child_process'
import { renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { VideoWay } from '../../../shared/settings/choices'
import { createOutput } from '../encode/createOutput'
import type { Output } from '../encode/createOutput'
import { DEFAULT_TIME_LIMITS } from '../ffmpeg/decoderChild'
import { probeAudio } from '../ffmpeg/ffmpegProbe'
import { openSource } from '../openSource'
import { codeOf, decodeFile, drain, ffmpegForTests, temporaryFolder } from '../testing/fixtures'
import { containerOf } from './filmContainers'
import { readFilm } from './readFilm'
import { chooseTrack } from './trackChoice'

const ffmpegPath = await ffmpegForTests()
const folder = await temporaryFolder()
const isLong = process.env.STILLWAVE_LONG === '1'

const run = (args: readonly string[]): string =>
  execFileSync(ffmpegPath!, ['-nostdin', '-v', 'error', '-y', ...args], { encoding: 'utf8' })
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const CLICK_SEC = 0.5
/** A second and a bit: black with a flash, silent with a click at the same moment, a second language, words, chapters. */
const FLASH = `color=c=black:s=64x64:r=25:d=1.2,drawbox=c=white:t=fill:enable='between(t,${CLICK_SEC},${CLICK_SEC}+0.039)'`
const CLICK = `aevalsrc=0.6*sin(2*PI*1500*t)*exp(-300*(t-${CLICK_SEC}))*gte(t\\,${CLICK_SEC})|0.1*sin(2*PI*440*t):s=48000:d=1.2`
const INPUTS = ['-f', 'lavfi', '-i', FLASH, '-f', 'lavfi', '-i', CLICK, '-f', 'lavfi', '-i', 'sine=f=300:r=48000:d=1.2']

function made(name: string, args: readonly string[]): string {
  const path = join(folder, name)
  const words = file('words.srt', '1\n00:00:00,200 --> 00:00:00,600\nHello\n\n2\n00:00:00,700 --> 00:00:01,000\nYou\n')
  const chapters = ';FFMETADATA1\ntitle=Lecture\n' + ['One', 'Two'].map(chapterText).join('')
  const texts = ['-i', words, '-i', file('chapters.txt', chapters)]
  run([...INPUTS, ...texts, '-map', '0', '-map', '1', ...args, '-threads', '1', path])
  return path
}

function chapterText(title: string, n: number): string {
  return `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${n * 500}\nEND=${n * 500 + 500}\ntitle=${title}\n`
}

const EXTRAS = ['-map', '2', '-map', '3', '-map_metadata', '4', '-map_chapters', '4']
const NAMED = [
  '-metadata:s:a:0',
  'language=deu',
  '-metadata:s:a:0',
  'title=Lecturer',
  '-metadata:s:a:1',
  'language=eng'
]

/** A film through a model that changes nothing. */
async function pass(path: string, video: VideoWay = 'replace', track = 1): Promise<{ path: string; output: Output }> {
  const { channels, format } = await drain(await openSource(path, { ffmpegPath, track }), 4096)
  const partPath = `${path}.${video}.part`
  const frames = channels[0]!.length
  const output = await createOutput({
    ...{ sourcePath: path, source: format, frames, partPath, format: 'source', quality: 'standard', video },
    ...{ container: null, ffmpegPath }
  })
  for (let from = 0; from < frames; from += 7001) {
    await output.sink.write(channels.map((channel) => channel.subarray(from, from + 7001)))
  }
  expect(await output.sink.finish()).toMatchObject({ frames })
  return { path: partPath, output }
}

/** Every packet of these streams as it lies in the file: time, duration, size, hash. */
function packets(path: string, maps: readonly string[]): string[] {
  const wanted = maps.flatMap((map) => ['-map', `0:${map}`])
  const said = run(['-copyts', '-i', path, ...wanted, '-c', 'copy', '-f', 'framemd5', 'pipe:1'])
  return said.split('\n').filter((line) => /^\d/.test(line))
}

/** The film's first sound, and when its click is heard. */
async function click(path: string): Promise<{ sec: number; frames: number }> {
  const { channels, format } = await decodeFile(path, ffmpegPath)
  const { startSec } = await readFilm(path, { ffmpegPath: ffmpegPath!, sound: format.origin!.stream, clock: 'file' })
  const at = channels[0]!.findIndex((value) => Math.abs(value) > 0.3)
  return { sec: startSec + at / format.sampleRateHz, frames: channels[0]!.length }
}

function probe(path: string, entries: string): Record<string, unknown> {
  const ffprobe = join(dirname(ffmpegPath!), 'ffprobe')
  const shown = ['-show_entries', `${entries}:chapter=start_time:chapter_tags=title`]
  const args = ['-v', 'error', ...shown, '-of', 'json', path]
  return JSON.parse(execFileSync(ffprobe, args, { encoding: 'utf8' })) as Record<string, unknown>
}
/** A packet without its stream's number. */
const time = (line: string): string => line.slice(line.indexOf(','))

function about(type: string, isDefault: number, language: string, sides?: object[]): object {
  return {
    codec_type: type,
    disposition: { default: isDefault },
    tags: { language },
    ...(sides && { side_data_list: sides })
  }
}

const FACTS =
  'stream=codec_name,codec_type,channels,width:stream_tags=language,title,rotate:stream_disposition=default,forced:format_tags=title'

const X264 = ['-c:v', 'libx264', '-bf', '2', '-preset', 'ultrafast']
/** Kinds of film: how each is made, which of its streams must come back packet by packet, and what is told. */
const FILMS: readonly (readonly [string, readonly string[], readonly string[], string])[] = [
  ['full.mp4', [...EXTRAS, ...X264, '-c:a', 'aac', '-c:s', 'mov_text', ...NAMED], ['0', '2', '3'], ''],
  ['full.mkv', [...EXTRAS, ...X264, '-c:a', 'aac', '-c:s', 'srt', ...NAMED], ['0', '2', '3'], ''],
  ['opus.webm', ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libopus'], ['0'], ''],
  ['vorbis.webm', ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libvorbis'], ['0'], ''],
  ['pcm.mov', ['-c:v', 'mpeg4', '-c:a', 'pcm_s24le'], ['0'], ''],
  ['flac.mkv', ['-c:v', 'mpeg4', '-c:a', 'flac'], ['0'], ''],
  ['ac3.mkv', ['-c:v', 'mpeg4', '-c:a', 'ac3'], ['0'], ''],
  ['mp3.avi', ['-c:v', 'mpeg4', '-c:a', 'libmp3lame'], ['0'], ''],
  ['wma.wmv', ['-c:v', 'wmv2', '-c:a', 'wmav2'], ['0'], ''],
  ['aac.flv', ['-c:v', 'flv', '-c:a', 'aac'], ['v'], '']
]
const SHORT = new Set(['full.mp4', 'opus.webm'])

describe.skipIf(ffmpegPath === null)('a film with its clean sound', () => {
  it.each(FILMS.filter(([name]) => isLong || SHORT.has(name)))(
    '%s: all else is the same packet by packet, the sound in step to the sample (a picture that is encoded anew, a delay of the codec)',
    async (name, args, copied, said) => {
      const source = made(name, args)
      const { path, output } = await pass(source)
      expect(output.warnings.join()).toBe(said)
      expect(output.extension).toBe(name.slice(name.indexOf('.')))
      expect(packets(path, copied)).toEqual(packets(source, copied))
      expect(probe(path, FACTS)).toEqual(probe(source, FACTS))
      const [before, after] = [await click(source), await click(path)]
      expect(Math.abs(after.sec - before.sec)).toBeLessThan(0.0012)
      expect(Math.abs(after.frames - before.frames)).toBeLessThanOrEqual(2048)
    },
    60_000
  )

  it('adds the clean sound beside the old one, first and default, and a late track stays late (a player that plays the noise)', async () => {
    const whole = made('whole.mp4', [...EXTRAS, '-c:v', 'mpeg4', '-c:a', 'aac', '-c:s', 'mov_text', ...NAMED])
    const source = join(folder, 'late.mp4')
    const rotated = ['-metadata:s:v', 'rotate=90']
    const maps = ['-map', '0:v', '-map', '1:a:0', '-map', '1:a:1', '-map', '0:s', ...rotated]
    run(['-i', whole, '-itsoffset', '0.3', '-i', whole, ...maps, '-c', 'copy', source])
    const { path, output } = await pass(source, 'add')
    expect(output.warnings).toEqual([])
    expect(packets(path, ['v', 's']).map(time)).toEqual(packets(source, ['v', 's']).map(time))
    expect(packets(path, ['a:1']).map(time)).toEqual(packets(source, ['a:0']).map(time))
    const [before, after] = [await click(source), await click(path)]
    expect(before.sec).toBeGreaterThan(CLICK_SEC + 0.27)
    expect(Math.abs(after.sec - before.sec)).toBeLessThan(0.0012)
    expect(Math.abs(after.frames - before.frames)).toBeLessThanOrEqual(2048)
    const streams = 'stream=codec_type:stream_tags=language:stream_disposition=default:stream_side_data=rotation'
    expect(JSON.stringify(probe(path, streams).streams)).toBe(
      JSON.stringify([
        ...[about('video', 1, 'und', [{ rotation: 90 }]), about('audio', 1, 'deu'), about('audio', 0, 'deu')],
        ...[about('audio', 0, 'eng'), about('subtitle', 1, 'und'), about('data', 0, 'eng')]
      ])
    )
  }, 60_000)

  it('cleans the track that was asked for in its own place, the others are copied (a lecture that loses its language)', async () => {
    const flac = ['-c:v', 'mpeg4', '-c:a', 'flac', ...NAMED, '-disposition:a:0', 'default', '-disposition:a:1', '0']
    const source = made('two.mkv', ['-map', '2', ...flac])
    const second = await drain(await openSource(source, { ffmpegPath, track: 2 }), 4096)
    expect(second.format).toMatchObject({ channels: 1, origin: { stream: 2, tracks: 2 } })
    const { path } = await pass(source, 'replace', 2)
    expect(packets(path, ['0', '1'])).toEqual(packets(source, ['0', '1']))
    expect(probe(path, FACTS)).toEqual(probe(source, FACTS))
    const after = await drain(await openSource(path, { ffmpegPath, track: 2 }), 4096)
    expect(after.channels).toEqual(second.channels)
    expect(await codeOf(openSource(source, { ffmpegPath, track: 3 }))).toBe('E_NO_TRACK')
    // Without ffprobe the same is read off what ffmpeg says.
    const alone = join(folder, 'ffmpeg-alone')
    symlinkSync(ffmpegPath!, alone)
    const asked = { limits: DEFAULT_TIME_LIMITS, track: 2 }
    expect(await probeAudio(source, alone, asked)).toMatchObject({
      ...{
        stream: 2,
        tracks: [
          { language: 'deu', channels: 2, isDefault: true },
          { language: 'eng', channels: 1 }
        ]
      }
    })
    expect((await probeAudio(source, ffmpegPath!, asked)).tracks).toMatchObject([
      ...[
        { language: 'deu', title: 'Lecturer', channels: 2, isDefault: true },
        { title: null, isDefault: false }
      ]
    ])
  }, 60_000)

  it('keeps a sound that begins after its picture where it is (a transport stream with speech half a second before the lips)', async () => {
    const source = join(folder, 'late.ts')
    const late = ['-f', 'lavfi', '-i', FLASH, '-itsoffset', '0.5', '-f', 'lavfi', '-i', 'sine=f=300:r=48000:d=0.7']
    run([...late, '-c:v', 'mpeg2video', '-c:a', 'mp2', source])
    const { path, output } = await pass(source)
    expect([output.extension, ...output.warnings]).toEqual(['.ts'])
    const leadSec = (film: string): number => {
      const { streams } = probe(film, 'stream=codec_type,start_time') as { streams: Record<string, string>[] }
      const start = (type: string): number => Number(streams.find((one) => one.codec_type === type)!.start_time)
      return start('audio') - start('video')
    }
    expect(leadSec(source)).toBeGreaterThan(0.45)
    expect(Math.abs(leadSec(path) - leadSec(source))).toBeLessThan(0.001)
  }, 60_000)

  it('gives a lossless track to a lossless source, and its own to a source that has one (a concert as AAC)', () => {
    const all = new Set(['aac', 'flac', 'alac', 'libmp3lame', 'pcm_s16le', 'ac3'])
    const format = { container: 'other', sampleFormat: 'compressed', validBits: 16, bigEndian: false } as const
    const shape = { sampleRateHz: 48_000, channels: 2, channelMask: 0, declaredFrames: null }
    const kindOf = (codecName: string, formatName: string): string | undefined => {
      const origin = { codecName, formatName, bitsPerSec: null, stream: 1, hasVideo: true, tracks: 1 }
      return chooseTrack({ ...format, ...shape, origin }, containerOf(formatName, 'isom', '')!, all)?.kind
    }
    expect(['wavpack', 'truehd', 'dts', 'ac3'].map((codec) => kindOf(codec, 'matroska,webm'))).toEqual([
      'flac',
      'flac',
      'aac',
      'ac3'
    ])
    expect([kindOf('pcm_s16be', 'mov,mp4'), kindOf('flac', 'avi'), kindOf('vorbis', 'avi')]).toEqual([
      ...['alac', 'pcm_le', 'mp3']
    ])
  })

  it('leaves out what the container does not take, and says so (a film that fails for a data track)', async () => {
    const source = made('odd.mkv', ['-map', '3', '-c:v', 'mpeg4', '-c:a', 'flac', '-c:s', 'srt'])
    const asWebm = join(folder, 'odd.webm')
    renameSync(source, asWebm)
    const { path, output } = await pass(asWebm)
    expect([output.extension, ...output.warnings]).toEqual(['.mkv', 'W_FORMAT_CHANGED'])
    expect(packets(path, ['0', '2'])).toEqual(packets(asWebm, ['0', '2']))
  }, 60_000)
})
