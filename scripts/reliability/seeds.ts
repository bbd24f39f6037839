import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { findFfmpeg } from '../../src/audio/io/ffmpeg/findFfmpeg'

/** A recording in one of the formats that people have. */
export interface Seed {
  readonly name: string
  readonly file: string
}

/** Name of the file, and what ffmpeg makes it with. The first three are read by our own code. */
const FORMATS: readonly (readonly [string, readonly string[]])[] = [
  ['pcm16.wav', []],
  ['float.w64', ['-c:a', 'pcm_f32le']],
  ['pcm24.aiff', ['-c:a', 'pcm_s24be']],
  ['rf64.wav', ['-rf64', 'always', '-c:a', 'pcm_s24le']],
  ['adpcm.wav', ['-c:a', 'adpcm_ms']],
  ['flac.flac', []],
  ['aac.m4a', ['-c:a', 'aac']],
  ['alac.m4a', ['-c:a', 'alac']],
  ['vorbis.ogg', ['-c:a', 'libvorbis']],
  ['opus.opus', ['-c:a', 'libopus']],
  ['xing.mp3', ['-c:a', 'libmp3lame']],
  ['adts.aac', ['-c:a', 'aac']],
  ['opus.webm', ['-c:a', 'libopus']],
  ['pcm.caf', ['-c:a', 'pcm_s16be']]
]

/** Which ffmpeg makes them; without one there is nothing to try. */
export async function ffmpegForSeeds(): Promise<string> {
  const ffmpeg = await findFfmpeg(null)
  if (ffmpeg === null) throw new Error('ffmpeg is needed: it makes the recordings that are then broken')
  return ffmpeg
}

/** Fourteen formats of the same seconds: a sweep in noise, with a tag. */
export function makeSeeds(ffmpeg: string, folder: string, seconds: number): readonly Seed[] {
  mkdirSync(folder, { recursive: true })
  const sound = `aevalsrc=0.3*sin(2*PI*(200+80*t)*t)+0.02*(random(0)-0.5):s=16000:d=${seconds}`
  return FORMATS.map(([name, args]) => {
    const file = path.join(folder, name)
    const words = ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', sound, '-metadata', 'title=A title', ...args]
    execFileSync(ffmpeg, [...words, file])
    return { name, file }
  })
}
