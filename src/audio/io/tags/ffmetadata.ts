/** A chapter; times in seconds from the beginning of the sound. */
export interface Chapter {
  readonly startSec: number
  readonly endSec: number
  readonly title: string
}

/** What ffmpeg's own text form of tags holds. */
export interface TagText {
  /** Of the file, in order. */
  readonly file: readonly (readonly [string, string])[]
  /** Of the sound track: Ogg keeps its tags there. */
  readonly track: readonly (readonly [string, string])[]
  readonly chapters: readonly Chapter[]
}

/** Reads ffmetadata (https://ffmpeg.org/ffmpeg-formats.html#Metadata-2), as ffmpeg writes it. Pure. */
export function parseTagText(text: string): TagText {
  const sections: Section[] = [{ name: 'FILE', pairs: [] }]
  for (const line of logicalLines(text)) {
    const header = /^\[([A-Z]+)\]$/.exec(line)
    if (header !== null) sections.push({ name: header[1]!, pairs: [] })
    else if (!/^[;#]/.test(line)) takePair(sections.at(-1)!, line)
  }
  const named = (name: string): Section[] => sections.filter((section) => section.name === name)
  const pairs = (name: string): [string, string][] => named(name).flatMap((section) => section.pairs)
  return { file: pairs('FILE'), track: pairs('STREAM'), chapters: named('CHAPTER').map(chapterOf) }
}

interface Section {
  readonly name: string
  readonly pairs: [string, string][]
}

/** A line break behind a backslash belongs to the value. */
function logicalLines(text: string): string[] {
  return text.match(/(?:\\[\s\S]|[^\\\n])+/g) ?? []
}

function takePair(section: Section, line: string): void {
  const match = /^((?:\\[\s\S]|[^\\=])*)=([\s\S]*)$/.exec(line)
  if (match !== null) section.pairs.push([unescaped(match[1]!), unescaped(match[2]!)])
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, '$1')
}

function chapterOf({ pairs }: Section): Chapter {
  const value = (key: string): string => pairs.find(([name]) => name === key)?.[1] ?? ''
  const [up, down] = value('TIMEBASE').split('/').map(Number)
  const unitSec = up !== undefined && down !== undefined && down > 0 ? up / down : 1e-9
  return { startSec: Number(value('START')) * unitSec, endSec: Number(value('END')) * unitSec, title: value('title') }
}

/** Tags and chapters as ffmetadata. Pure. */
export function tagText(tags: readonly (readonly [string, string])[], chapters: readonly Chapter[]): string {
  const lines = [';FFMETADATA1', ...tags.map(pairLine)]
  for (const { startSec, endSec, title } of chapters) {
    lines.push('[CHAPTER]', 'TIMEBASE=1/1000', `START=${millis(startSec)}`, `END=${millis(endSec)}`)
    if (title !== '') lines.push(pairLine(['title', title]))
  }
  return `${lines.join('\n')}\n`
}

function pairLine([key, value]: readonly [string, string]): string {
  return `${escaped(key)}=${escaped(value)}`
}

function escaped(text: string): string {
  // A zero would end the text.
  return text.replaceAll('\0', '').replace(/[=;#\\\n]/g, '\\$&')
}

function millis(sec: number): number {
  return Math.max(0, Math.round(sec * 1000))
}

/** Chapters as Vorbis comments (CHAPTER000=HH:MM:SS.mmm and CHAPTER000NAME), which ffmpeg writes for Ogg only. Pure. */
export function chapterComments(chapters: readonly Chapter[]): [string, string][] {
  return chapters.flatMap(({ startSec, title }, index): [string, string][] => {
    const key = `CHAPTER${String(index).padStart(3, '0')}`
    const ms = millis(startSec)
    const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
    const time = `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
    return title === ''
      ? [[key, time]]
      : [
          [key, time],
          [`${key}NAME`, title]
        ]
  })
}
