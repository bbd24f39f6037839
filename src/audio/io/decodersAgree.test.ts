import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import { decodeFile, ffmpegForTests, sharedFolder, temporaryFolder, type Decoded } from './testing/fixtures'

const folder = await temporaryFolder()
const ffmpeg = await ffmpegForTests()
const corpus = sharedFolder('audio-corpus')

/** What ffmpeg makes of a file, channels side by side as they are. */
function byFfmpeg(file: string): Float32Array {
  const words = [
    '-v',
    'error',
    '-nostdin',
    '-i',
    `file:${file}`,
    '-map',
    '0:a:0',
    '-f',
    'f32le',
    '-c:a',
    'pcm_f32le',
    '-'
  ]
  const bytes = execFileSync(ffmpeg!, words, { maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] })
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length - (bytes.length % 4)))
}

function interleaved({ channels }: Decoded): Float32Array {
  const frames = channels[0]?.length ?? 0
  return Float32Array.from({ length: frames * channels.length }, (_, i) => {
    return channels[i % channels.length]![Math.floor(i / channels.length)]!
  })
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] ?? NaN))), 0)
}

describe.skipIf(ffmpeg === null)('our readers and ffmpeg', () => {
  // Catches: a byte order, a sign, a scale or an offset that both our reader and our writer have wrong in the same way (R36).
  it.each([
    ...['pcm_u8', 'pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le'].map(
      (codec) => [codec, 'wav'] as const
    ),
    ...(['pcm_s16le', 'pcm_s24le', 'pcm_f32le'] as const).map((codec) => [codec, 'w64'] as const),
    ...['pcm_s8', 'pcm_s16be', 'pcm_s24be', 'pcm_s32be'].map((codec) => [codec, 'aiff'] as const)
  ])('hear the same in %s of %s', async (codec, extension) => {
    const file = join(folder, `${codec}.${extension}`)
    const sound = 'aevalsrc=0.9*sin(2*PI*440*t)|0.5*sin(2*PI*97*t)|0.01*(random(0)-0.5):s=44100:d=0.3'
    execFileSync(ffmpeg!, ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', sound, '-c:a', codec, file])
    const ours = await decodeFile(file)
    const theirs = byFfmpeg(file)
    expect(ours.channels).toHaveLength(3)
    expect(interleaved(ours)).toHaveLength(theirs.length)
    expect(largestDifference(interleaved(ours), theirs)).toBeLessThanOrEqual(1e-7)
  })

  it.skipIf(corpus === null)('agree on the length of every file of the corpus that both read, to 1 %', async () => {
    const differ: string[] = []
    let compared = 0
    for (const name of readdirSync(corpus!, { recursive: true, encoding: 'utf8' }).filter(isOurs)) {
      const file = join(corpus!, name)
      const ours = await decodeFile(file).catch((thrown: unknown) => {
        if (thrown instanceof AppError) return null
        throw thrown
      })
      if (ours === null) continue
      const frames = ours.channels[0]!.length
      const theirs = lengthByFfmpeg(file) / ours.channels.length
      compared++
      if (Math.abs(frames - theirs) > 0.01 * Math.max(frames, theirs)) differ.push(`${name}: ${frames}, ${theirs}`)
    }
    expect(compared).toBeGreaterThan(10)
    expect(differ.filter((line) => !line.startsWith(OURS_ALONE))).toEqual([])
  })
})

/** ffmpeg 5.1 ends with code 0 and not a sample of big-endian WAV. */
const OURS_ALONE = join('wav', 'rifx-')

const isOurs = (name: string): boolean => /\.(?:wav|w64|rf64|aiff?|aifc)$/iu.test(name)

function lengthByFfmpeg(file: string): number {
  try {
    return byFfmpeg(file).length
  } catch {
    return 0 // It reads nothing of it: a difference that is told as one.
  }
}
