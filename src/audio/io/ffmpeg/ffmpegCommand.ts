import { existsSync } from 'node:fs'
import { parse, resolve } from 'node:path'

/** How one decoder child is started. */
export interface ChildCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Address space of a decoder on Linux: a bomb fails inside the child, not here. */
const MAX_ADDRESS_BYTES = 2 ** 30
const PRLIMIT_PATHS = ['/usr/bin/prlimit', '/bin/prlimit']

/**
 * Demuxers of audio files and of films with sound. Playlists (concat, hls, dash, ...), images, devices and filters are
 * left out: a text file named .wav must not make ffmpeg open another file (RELIABILITY finding 4).
 */
const DEMUXERS = (
  'aa,aac,ac3,act,adx,aea,aiff,amr,amrnb,amrwb,ape,apm,asf,asf_o,au,avi,avr,bit,boa,brstm,bfstm,caf,codec2,dff,dsf,dss,dts,dtshd,' +
  'eac3,epaf,flac,flv,g722,g723_1,g726,g726le,g729,gsm,hca,iff,ilbc,ircam,loas,lvf,matroska,webm,matroska,webm,mca,mlp,' +
  'mmf,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,msf,mxf,nistsphere,nut,ogg,oma,paf,pvf,qcp,rm,rso,sbc,sds,sdx,shn,siff,sln,' +
  'smjpeg,sol,sox,svs,tak,truehd,tta,vag,voc,vqf,w64,wav,wsd,wv,wve,xa,xvag,xwma'
)
  .split(',')
  .filter((name, index, all) => all.indexOf(name) === index)
  .join(',')

/** Options that stand before `-i` of ffmpeg and before the file of ffprobe. */
export const INPUT_LIMITS = [
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  DEMUXERS,
  '-threads',
  '1'
] as const

/** The file as ffmpeg's own URL: the prefix keeps `concat:a|b` and `-version` names of files (RELIABILITY finding 5). */
export function fileUrl(path: string): string {
  return `file:${resolve(path)}`
}

/** A program of the ffmpeg family without a shell, with an environment and a folder of its own, under a memory limit where there is one. */
export function childCommand(program: string, args: readonly string[]): ChildCommand {
  const absolute = resolve(program)
  const surroundings = { cwd: parse(absolute).root, env: cleanEnvironment() }
  const prlimit = process.platform === 'linux' ? PRLIMIT_PATHS.find((path) => existsSync(path)) : undefined
  if (prlimit === undefined) return { file: absolute, args, ...surroundings }
  return { file: prlimit, args: [`--as=${MAX_ADDRESS_BYTES}`, absolute, ...args], ...surroundings }
}

function cleanEnvironment(): Record<string, string> {
  const systemRoot = process.env.SystemRoot
  return {
    LC_ALL: 'C',
    // Debian's ffmpeg loads OpenBLAS, which reserves address space for every core of the machine.
    OPENBLAS_NUM_THREADS: '1',
    // Windows cannot load its own libraries without SystemRoot.
    ...(process.platform === 'win32' && systemRoot !== undefined ? { SystemRoot: systemRoot } : {})
  }
}
