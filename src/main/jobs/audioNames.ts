import path from 'node:path'

/** What a folder's files must be called to be taken: audio, and video whose sound track is worth cleaning. */
export const AUDIO_EXTENSIONS: readonly string[] = (
  'wav wave bwf rf64 w64 aif aiff aifc aiffc caf au snd flac ogg oga opus spx mp3 mp2 mp1 mpga m4a m4b m4r mp4 m4v aac ' +
  'adts ac3 eac3 dts amr awb 3gp 3gpp 3g2 wma asf wmv wv ape tta tak mpc gsm voc sph mka mkv webm mov avi mpg mpeg ts ' +
  'mts m2ts flv ra rm qcp dss ds2'
).split(' ')

const EXTENSIONS = new Set(AUDIO_EXTENSIONS.map((name) => `.${name}`))

/** Containers that are written as they came; all others come out as WAV. */
const KEPT = [['.wav', '.wave', '.bwf', '.rf64'], ['.aiff', '.aif', '.aifc', '.aiffc'], ['.w64']] as const

export function isAudioName(name: string): boolean {
  return EXTENSIONS.has(path.extname(name).toLowerCase())
}

/** The extension an output will have by its source's name: its own where it can be written, else `.wav`. */
export function plannedExtension(inputExtension: string): string {
  return familyOf(inputExtension) === undefined ? '.wav' : inputExtension
}

/**
 * The engine goes by what is in a file, the plan went by its name: the extension that tells the truth about the file written.
 * The planned one stays where it names the same container.
 */
export function finalExtension(planned: string, written: string): string {
  const family = familyOf(planned)
  return family !== undefined && family === familyOf(written) ? planned : written
}

function familyOf(extension: string): number | undefined {
  const wanted = extension.toLowerCase()
  const index = KEPT.findIndex((names) => (names as readonly string[]).includes(wanted))
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
