import type { Place } from './choices'

/** What a name pattern may hold in braces. */
export const NAME_TOKENS = ['name', 'folder', 'date', 'n', 'model'] as const
export type NameToken = (typeof NAME_TOKENS)[number]

/**
 * Values for the tokens: the source's name without extension, its folder's name, the day as `YYYY-MM-DD`, the number as
 * {@link patternNumber} writes it, and the model as {@link patternModel} does.
 */
export type NameParts = Readonly<Record<NameToken, string>>

/** Why a pattern cannot be used. */
export type PatternProblem = 'empty' | 'illegalCharacter' | 'unknownToken'

const TOKEN = /\{([^{}]*)\}/gu
// A pattern gives one name: separators, and what Windows or a terminal cannot take, are no part of one.
// eslint-disable-next-line no-control-regex
const ILLEGAL = /[<>:"/\\|?*\u0000-\u001f\u007f]/u

/** What is wrong with a pattern, by itself; null where nothing is. Pure. */
export function patternProblem(pattern: string): PatternProblem | null {
  const known: ReadonlySet<string> = new Set(NAME_TOKENS)
  const rest = pattern.replace(TOKEN, (whole, token: string) => (known.has(token) ? '' : whole))
  if (/[{}]/u.test(rest)) return 'unknownToken'
  if (ILLEGAL.test(rest)) return 'illegalCharacter'
  const letters = pattern.replace(TOKEN, 'x').replace(/[. ]/gu, '')
  return letters === '' ? 'empty' : null
}

/**
 * The name (without extension) that a pattern gives. Pure; the pattern must be one without problem. The parts are a file
 * system's own names and stand as they are: the caller makes the result legal for its platform and cuts it to length.
 */
export function applyNamePattern(pattern: string, parts: NameParts): string {
  const filled = pattern.replace(TOKEN, (_whole, token: string) => parts[token as NameToken])
  return filled.trim() === '' ? parts.name : filled
}

/** The day of a moment in local time, as the pattern's `{date}` writes it. */
export function patternDate(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** A file's number among `count`, as the pattern's `{n}` writes it: as many digits as the last one has, so that names sort. */
export function patternNumber(n: number, count: number): string {
  return String(n).padStart(String(count).length, '0')
}

/** What the pattern's `{model}` writes: a model's id; of a file's path the name without its ending. */
export function patternModel(modelId: string): string {
  const name = modelId.slice(Math.max(modelId.lastIndexOf('/'), modelId.lastIndexOf('\\')) + 1)
  return name.replace(/\.onnx$/iu, '')
}

/** Whether names hang on a file's number: the same file may get another one the next time. */
export function isNumbered(pattern: string): boolean {
  return pattern.includes('{n}')
}

/** The name that results have where nobody chose one: beside its source a result needs another, in a folder of its own it keeps it. */
export function defaultPattern(place: Place): string {
  return place === 'beside' ? '{name}.clean' : '{name}'
}

/** The pattern when results go elsewhere: one that nobody chose follows the place, any other stays. */
export function patternForPlace(pattern: string, from: Place, to: Place): string {
  return pattern === defaultPattern(from) ? defaultPattern(to) : pattern
}
