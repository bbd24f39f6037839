/** What must not leave the machine. */
export interface Secrets {
  readonly home: string
  readonly userName: string
  readonly hostName: string
  /** The program's own folder: paths below it are no secret, only where it lies. */
  readonly appRoot: string
  /** Names of files and folders of the user's, with and without their folders. */
  readonly names: readonly string[]
}

/** From its first sign on, to the end of its clause: a path may hold spaces, and what follows is worth less than what it may give away. */
const PATHS = /(?:file:\/\/|(?<![\w>.])~?\/(?=[^\s|])|(?<![\w])[A-Za-z]:[\\/]|\\\\|~\\)[^|"`\n]*/gu
const AUDIO_NAMES =
  /[^\s|"'`/\\]+\.(?:wav|wave|rf64|w64|aiff?|aifc|flac|mp3|mp4|m4a|m4b|aac|ogg|oga|opus|caf|amr|wma|webm|mkv|mov|avi|onnx|safetensors|pth?|ckpt|bin)\b/giu
/** Shorter names say nothing and stand in too many other words. */
const MIN_NAME_CHARS = 3

/** Scripts that put spaces between words. */
const SPACED = /^[\u0020-\u024f]*$/u

const NAMED_APP = '<app>'

/** Takes paths, file names, the user's and the machine's name out of a text. Pure. */
export function redactor(secrets: Secrets): (text: string) => string {
  const { home, userName, hostName, appRoot } = secrets
  const names = [...new Set(secrets.names)]
    .filter((name) => name.length >= (SPACED.test(name) ? MIN_NAME_CHARS : MIN_NAME_CHARS - 1))
    .sort((a, b) => b.length - a.length)
  const people: readonly (readonly [string, string])[] = [
    [userName, '<user>'],
    [hostName, '<host>'],
    [hostName.split('.')[0]!, '<host>']
  ]
  return (text) => {
    let clean = appRoot === '' ? text : text.replaceAll(appRoot, NAMED_APP)
    for (const name of names) if (clean.includes(name)) clean = withoutName(clean, name)
    clean = clean.replaceAll(PATHS, '<path>').replaceAll(AUDIO_NAMES, '<file>')
    if (home.length > 1) clean = clean.replaceAll(home, '~')
    for (const [name, stand] of people) clean = withoutWord(clean, name, stand)
    return clean
  }
}

/** Scripts that put no spaces between words have no words of their own to look for. */
function withoutName(text: string, name: string): string {
  return SPACED.test(name) ? withoutWord(text, name, '<file>') : text.replaceAll(name, '<file>')
}

/** As a word of its own, in any case of letters: `ann` must not take `cannot` apart. */
function withoutWord(text: string, word: string, stand: string): string {
  if (word === '') return text
  const escaped = word.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`)
  return text.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_<])${escaped}(?![\\p{L}\\p{N}_>])`, 'giu'), stand)
}

/** Every text in a value, keys left alone. */
export function redactAll<T>(value: T, redact: (text: string) => string): T {
  const walk = (one: unknown): unknown => {
    if (typeof one === 'string') return redact(one)
    if (Array.isArray(one)) return one.map(walk)
    if (typeof one !== 'object' || one === null) return one
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner)]))
  }
  return walk(value) as T
}
