import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openRegularFile } from '../fileBytes'
import { openSource } from '../openSource'
import { codeOf, decodeFile, drain, ffmpegForTests, seededRandom, temporaryFolder, wavBytes } from '../testing/fixtures'
import type { Decoded } from '../testing/fixtures'
import { openFfmpegSource } from './ffmpegSource'
import { findFfmpeg } from './findFfmpeg'

const folder = await temporaryFolder()
const ffmpegPath = await ffmpegForTests()
const RATE_HZ = 16_000

/** Two seconds of smoothed noise in syllables: what lossy encoders can work with. */
const random = seededRandom(7)
let smooth = 0
const samples = Int16Array.from({ length: 2 * RATE_HZ }, (_, i) => {
  smooth = 0.9 * smooth + (random() - 0.5)
  return smooth * 6000 * (1 + Math.sin(i / 900))
})
const expected = Float32Array.from(samples, (value) => value / 32768)
const wavPath = join(folder, 'plain.wav')

function encode(name: string, ...options: string[]): string {
  const path = join(folder, name)
  execFileSync(ffmpegPath!, ['-v', 'error', '-nostdin', '-y', '-i', wavPath, ...options, `file:${path}`])
  return path
}

beforeAll(() => writeFile(wavPath, wavBytes({ samples, sampleRateHz: RATE_HZ })))

describe.skipIf(ffmpegPath === null)('formats that ffmpeg decodes', () => {
  // Catches: samples changed on the way (resampled, dithered, scaled), a depth that is not the source's.
  it.each([
    ['flac', ['-c:a', 'flac', '-sample_fmt', 's16'], 16],
    ['24.flac', ['-c:a', 'flac', '-sample_fmt', 's32'], 24],
    ['alac.m4a', ['-c:a', 'alac', '-sample_fmt', 's16p'], 16],
    ['wv', ['-c:a', 'wavpack', '-sample_fmt', 'fltp'], 32],
    ['au', ['-c:a', 'pcm_s16be'], 16]
  ])('%s is exact', async (extension, options, validBits) => {
    const read = await decodeFile(encode(`exact.${extension}`, ...options), ffmpegPath)
    expect(read.channels).toEqual([expected])
    expect(read.warnings).toEqual([])
    expect(read.format).toMatchObject({
      ...{ container: 'other', sampleFormat: 'compressed', validBits, sampleRateHz: RATE_HZ, channels: 1 },
      declaredFrames: samples.length
    })
  })

  // Catches: an estimate from the bit rate taken for a declared length.
  it('CAF, which ffmpeg can only estimate, is exact and declares nothing', async () => {
    const read = await decodeFile(encode('exact.caf', '-c:a', 'pcm_s16be'), ffmpegPath)
    expect(read.channels).toEqual([expected])
    expect(read.format.declaredFrames).toBeNull()
  })

  it.each([
    ['mp3', []],
    ['ogg', ['-c:a', 'libvorbis']],
    ['m4a', ['-c:a', 'aac']],
    ['adpcm.wav', ['-c:a', 'adpcm_ms']],
    ['mp3.wav', ['-c:a', 'libmp3lame']]
  ])('%s comes whole, without a warning, at 16 bits', async (extension, options) => {
    const read = await decodeFile(encode(`lossy.${extension}`, ...options), ffmpegPath)
    expect(read.channels[0]!.length / RATE_HZ).toBeGreaterThan(1.99)
    expect(read.channels[0]!.length / RATE_HZ).toBeLessThan(2.25)
    expect(read.warnings).toEqual([])
    expect(read.format.validBits).toBe(16)
  })

  it('keeps rate, channels and speakers', async () => {
    const path = encode('surround.flac', '-ar', '44100', '-af', 'pan=5.1(side)|FL=c0|LFE=0.5*c0')
    const read = await decodeFile(path, ffmpegPath)
    expect(read.format).toMatchObject({ sampleRateHz: 44_100, channels: 6, channelMask: 0x60f })
    const [left, right, , low] = read.channels
    expect(right!.every((value) => value === 0)).toBe(true)
    expect(left!.some((value) => value !== 0) && low!.some((value) => value !== 0)).toBe(true)
  })

  // Catches: a probe that only works with ffprobe installed.
  it('does without ffprobe beside ffmpeg', async () => {
    const alone = join(folder, 'alone')
    await mkdir(alone)
    await symlink(ffmpegPath!, join(alone, 'ffmpeg'))
    for (const path of [encode('a.flac'), encode('a.ogg'), encode('a.24.flac', '-sample_fmt', 's32')]) {
      const [withProbe, without] = [await decodeFile(path, ffmpegPath), await decodeFile(path, join(alone, 'ffmpeg'))]
      expect(without.channels).toEqual(withProbe.channels)
      const comparable = ({ format }: Decoded): object => ({
        ...{ ...format, declaredFrames: 0, origin: { ...format.origin, bitsPerSec: 0 } }
      })
      expect(comparable(without)).toEqual(comparable(withProbe))
      expect(Math.abs(without.format.declaredFrames! - withProbe.format.declaredFrames!)).toBeLessThan(RATE_HZ / 50)
    }
    expect(await codeOf(decodeFile(await textFile('text.bin', 'just words'), join(alone, 'ffmpeg')))).toBe(
      'E_UNSUPPORTED'
    )
  })

  // Catches: a name that ffmpeg takes for an option, a protocol or a pattern (RELIABILITY finding 5, S34).
  it.each([
    '-version.wav',
    'concat:a.wav|b.wav',
    'http:x.wav',
    'new\nline.wav',
    '%03d.wav',
    '录音 ~.wav',
    "it's;$(x).wav"
  ])('a FLAC named %j is read', async (name) => {
    const made = encode('named.flac')
    const path = join(folder, name)
    await rename(made, path)
    expect((await decodeFile(path, ffmpegPath)).channels).toEqual([expected])
  })

  // Catches: a text file that makes ffmpeg read another file, or the network (RELIABILITY finding 4, S35).
  it.each([
    ['concat, relative', () => 'ffconcat version 1.0\nfile plain.wav\n'],
    ['concat, absolute', () => `ffconcat version 1.0\nfile '${wavPath}'\n`],
    ['HLS, file', () => `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:${wavPath}\n#EXT-X-ENDLIST\n`],
    ['HLS, http', () => '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/a.wav\n#EXT-X-ENDLIST\n']
  ])('a playlist named .wav is refused: %s', async (name, text) => {
    expect(await codeOf(decodeFile(await textFile(`${name}.wav`, text()), ffmpegPath))).toBe('E_UNSUPPORTED')
  })

  it('close in the middle leaves no process', async () => {
    const source = await openSource(encode('long.flac', '-af', 'aloop=loop=200:size=32000'), { ffmpegPath })
    await source.read(100)
    await source.close()
    expect(await source.read(100)).toBeNull()
    expect(await ownChildren()).toBe('')
  })
})

describe.skipIf(ffmpegPath === null)('cut files', () => {
  // Catches: truncations that ffmpeg decodes with exit 0 and an empty stderr (RELIABILITY finding 2, R35).
  it('are flagged or refused', { timeout: 120_000 }, async () => {
    const whole = [
      ...[encode('cut.flac'), encode('cut.m4a', '-c:a', 'aac'), encode('cut.ogg', '-c:a', 'libvorbis')],
      ...[encode('cut.wav', '-c:a', 'adpcm_ms'), encode('cut.mp3'), encode('cut.aac', '-c:a', 'aac')],
      ...[encode('cut.opus', '-c:a', 'libopus'), encode('cut.webm', '-c:a', 'libopus')],
      ...[encode('cut.cbr.mp3', '-write_xing', '0', '-b:a', '64k'), encode('cut.caf', '-c:a', 'pcm_s16be')]
    ]
    const missed: string[] = []
    for (const path of whole) {
      const bytes = await readFile(path)
      for (const share of [0.3, 0.55, 0.8, 0.97]) {
        const cutPath = join(folder, 'cut')
        await writeFile(cutPath, bytes.subarray(0, Math.floor(bytes.length * share)))
        const result = await decodeFile(cutPath, ffmpegPath).catch((thrown: unknown) => thrown as Decoded)
        if (!(result instanceof Error) && !result.warnings.includes('W_TRUNCATED')) missed.push(`${path} at ${share}`)
      }
    }
    expect(missed).toEqual([])
  })
})

describe('without ffmpeg', () => {
  it('a compressed file is E_NO_FFMPEG, and so is one whose ffmpeg is gone', async () => {
    const path = await textFile('x.mp3', 'ID3 and so on')
    expect(await codeOf(decodeFile(path, null))).toBe('E_NO_FFMPEG')
    expect(await codeOf(decodeFile(path, join(folder, 'gone', 'ffmpeg')))).toBe('E_NO_FFMPEG')
  })

  it('an ffmpeg that was set and does not work is an error, not a reason to take another', async () => {
    expect(await codeOf(findFfmpeg(join(folder, 'gone')))).toBe('E_NO_FFMPEG')
    expect(await codeOf(findFfmpeg(await script('not-ffmpeg', 'echo hello')))).toBe('E_NO_FFMPEG')
  })

  it('one in the resources folder comes before PATH', async () => {
    const bundled = await script('bundled/ffmpeg', 'echo ffmpeg version 9.9')
    expect(await findFfmpeg(null, [dirname(bundled)])).toBe(bundled)
  })
})

describe.skipIf(process.platform !== 'linux')('a decoder that misbehaves', () => {
  const answer =
    '{"streams":[{"codec_type":"audio","codec_name":"mp3","sample_rate":"16000","channels":1}],"format":{"format_name":"x"}}'

  async function runFake(name: string, decoder: string, probe = `echo '${answer}'`): Promise<string> {
    const program = await script(`${name}/ffmpeg`, decoder)
    await script(`${name}/ffprobe`, probe)
    const file = await openRegularFile(wavPath)
    const limits = { stallSec: name === 'eats memory' ? 10 : 1, baseSec: name === 'eats memory' ? 10 : 2 }
    const options = { ffmpegPath: program, payloadTruncated: false, limits, maxDecodedSec: 60 }
    try {
      return await codeOf(openFfmpegSource(file, options).then((source) => drain(source, 65_536)))
    } finally {
      await file.handle.close()
      expect(await ownChildren()).toBe('')
    }
  }

  // Catches: a queue that hangs or a machine that swaps because of one file (S36). 16 s: the limits are seconds, machines are busy.
  it.each([
    ['hangs', 'exec /bin/sleep 600', 'E_TIMEOUT'],
    ['drips', 'while :; do printf aaaa; /bin/sleep 0.3; done', 'E_TIMEOUT'],
    ['eats memory', 'exec /bin/dd if=/dev/zero of=/dev/null bs=700M', 'E_MEMORY'],
    ['floods stdout', 'exec /usr/bin/yes', 'E_TOO_LONG'],
    ['floods stderr', 'exec /usr/bin/yes >&2', 'E_CORRUPT'],
    ['crashes', 'kill -SEGV $$', 'E_CORRUPT'],
    ['crashes after some audio', 'printf aaaaaaaa; kill -SEGV $$', 'E_CORRUPT'],
    ['says nothing and exits 0', 'exit 0', 'E_NO_AUDIO']
  ])('%s', async (name, decoder, code) => {
    const startedMs = performance.now()
    const result = await runFake(name, decoder)
    expect(result).toBe(code)
    expect(performance.now() - startedMs).toBeLessThan(16_000)
  })

  it.each([
    ['probe hangs', 'exec /bin/sleep 600', 'E_TIMEOUT'],
    ['probe floods', 'exec /usr/bin/yes', 'E_CORRUPT'],
    [
      'probe answers nonsense',
      `echo '{"streams":[{"codec_type":"audio","sample_rate":"1e99","channels":-3}],"format":{}}'`,
      'E_UNSUPPORTED'
    ],
    ['probe answers no JSON', 'echo what', 'E_INTERNAL']
  ])('%s', async (name, probe, code) => {
    expect(await runFake(name, 'exit 0', probe)).toBe(code)
  })

  // Catches: a decoder that is killed because a model run blocked this thread (R42).
  it('is not blamed for the time in which this thread was blocked', async () => {
    const blockThread = (): void => {
      for (const untilMs = performance.now() + 3500; performance.now() < untilMs;);
    }
    // From an immediate the loop comes to its timers before it comes to the pipe.
    const block = setTimeout(() => setImmediate(blockThread), 100)
    expect(await runFake('slow start', '/bin/sleep 0.5; printf aaaaaaaa')).toBe('done')
    clearTimeout(block)
  })

  // Catches: LD_PRELOAD, NODE_OPTIONS or PATH handed on to the decoder (S40).
  it('gets a clean environment and folder', async () => {
    const said = join(folder, 'said')
    process.env.LD_LIBRARY_PATH = '/nowhere'
    await runFake('env', `(/bin/cat /proc/$$/environ; echo; pwd; echo "$@") > ${said}`)
    delete process.env.LD_LIBRARY_PATH
    const [environment, cwd, args] = (await readFile(said, 'utf8')).split('\n')
    expect([environment, cwd]).toEqual(['LC_ALL=C\0OPENBLAS_NUM_THREADS=1\0', '/'])
    expect(args).toMatch(/-nostdin .*-protocol_whitelist file,pipe -format_whitelist \S+ -threads 1 -i file:\//)
  })
})

async function textFile(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

async function script(name: string, body: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `#!/bin/sh\n${body}\n`)
  await chmod(path, 0o755)
  return path
}

/** The pids of this process's children, where /proc tells. */
async function ownChildren(): Promise<string> {
  const path = `/proc/${process.pid}/task/${process.pid}/children`
  return existsSync(path) ? (await readFile(path, 'latin1')).trim() : ''
}
