import path from 'node:path'
import type { OutputFormat, VideoWay } from '../../shared/settings/choices'

/** What a folder's files must be called to be taken: audio, and video whose sound track is worth cleaning. */
export const AUDIO_EXTENSIONS: readonly string[] = (
  'wav wave bwf rf64 w64 aif aiff aifc aiffc caf au snd flac ogg oga opus spx mp3 mp2 mp1 mpga m4a m4b m4r mp4 m4v aac ' +
  'adts ac3 eac3 dts amr awb 3gp 3gpp 3g2 wma asf wmv wv ape tta tak mpc gsm voc sph mka mkv webm mov avi mpg mpeg ts ' +
  'mts m2ts flv ra rm qcp dss ds2'
).split(' ')

const EXTENSIONS = new Set(AUDIO_EXTENSIONS.map((name) => `.${name}`))

/** Names of one container each: a result keeps its source's among them. The first is given to others. */
const FAMILIES = [
  ['.wav', '.wave', '.bwf', '.rf64'],
  ['.aiff', '.aif', '.aifc', '.aiffc'],
  ['.w64'],
  ['.flac'],
  ['.mp3', '.mpga'],
  ['.m4a', '.m4b', '.m4r'],
  ['.ogg', '.oga'],
  ['.opus'],
  ['.caf'],
  ['.mp4', '.m4v', '.mov', '.3gp', '.3gpp', '.3g2'],
  ['.mkv'],
  ['.webm'],
  ['.avi'],
  ['.flv'],
  ['.wmv', '.asf'],
  ['.ts'],
  ['.m2ts', '.mts']
] as const

/** What results of other sources are called, as far as a name tells it: the nearest format that is written. */
const NEAREST: Readonly<Record<string, string>> = {
  ...named('.flac', 'ape wv tta tak'),
  ...named('.mp3', 'mp1 mp2'),
  ...named('.m4a', 'aac adts ac3 eac3 dts amr awb wma qcp ra rm mpc dss ds2'),
  ...named('.opus', 'spx')
}

function named(extension: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [`.${name}`, extension]))
}

const ASKED: Readonly<Record<Exclude<OutputFormat, 'source'>, string>> = {
  wav16: '.wav',
  wav24: '.wav',
  wav32f: '.wav',
  flac: '.flac',
  mp3: '.mp3',
  m4a: '.m4a',
  opus: '.opus'
}

const FILMS = new Set(
  'mp4 m4v mkv webm mov avi mpg mpeg ts mts m2ts flv wmv asf 3gp 3gpp 3g2'.split(' ').map((name) => `.${name}`)
)

/** Whether a name is one of a container that mostly holds a picture too: what it really holds the engine finds out. */
export function isFilmName(name: string): boolean {
  return FILMS.has(path.extname(name).toLowerCase())
}

export function isAudioName(name: string): boolean {
  return EXTENSIONS.has(path.extname(name).toLowerCase())
}

/**
 * The extension an output will have by its source's name: its own where it can be written, else that of the nearest format;
 * or by the format that was asked for. A film of a kind that is not written becomes Matroska. What a file really is the engine finds out: see {@link finalExtension}.
 */
export function plannedExtension(
  inputExtension: string,
  format: OutputFormat = 'source',
  video: VideoWay = 'replace'
): string {
  const isFilm = isFilmName(`x${inputExtension}`)
  if (isFilm && format === 'source' && video !== 'sound') {
    return familyOf(inputExtension) === undefined ? '.mkv' : inputExtension
  }
  const asked = format === 'source' ? (NEAREST[inputExtension.toLowerCase()] ?? '.wav') : ASKED[format]
  const family = familyOf(inputExtension)
  const mayKeep = !isFilm && family !== undefined && (format === 'source' || family === familyOf(asked))
  return mayKeep ? inputExtension : asked
}

/**
 * The engine goes by what is in a file, the plan went by its name: the extension that tells the truth about the file written.
 * The planned one stays where it names the same container.
 */
export function finalExtension(planned: string, written: string): string {
  const family = familyOf(planned)
  // Opus lies in Ogg: who calls it .ogg is right.
  const isOpusInOgg = written.toLowerCase() === '.opus' && /^\.og[ga]$/i.test(planned)
  return (family !== undefined && family === familyOf(written)) || isOpusInOgg ? planned : written
}

function familyOf(extension: string): number | undefined {
  const wanted = extension.toLowerCase()
  const index = FAMILIES.findIndex((names) => (names as readonly string[]).includes(wanted))
  return index < 0 ? undefined : index
}

/** Whether a name looks like an output that was written beside its source. */
export function isCleanName(name: string): boolean {
  return cleanSourceStem(name) !== null
}

/** `a` for `a.clean.wav` and `a.clean (2).wav`: what the source of such an output is called; null for other names. */
export function cleanSourceStem(name: string): string | null {
  return /^(.+)\.clean(?: \(\d+\))?$/su.exec(path.parse(name).name)?.[1] ?? null
}
