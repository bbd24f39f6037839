/** Which files of a folder are taken: those that some `include` matches (all, where there is none) and no `exclude`. */
export interface FilePatterns {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

/**
 * A test for a path under the folder that was named, with slashes. In a pattern `*` is any part of one name, `**` any folders, `?` one
 * letter, `{a,b}` either. A pattern without a slash means a name anywhere, one with a slash the path from the folder on; one that
 * means a folder means all in it. Case does not count. Pure.
 */
export function fileFilter({ include, exclude }: FilePatterns): (relativePath: string) => boolean {
  const [wanted, unwanted] = [include, exclude].map((patterns) => patterns.map(matcher))
  return (relativePath) => {
    const segments = relativePath.normalize('NFC').split('/')
    const matches = (test: (segments: readonly string[]) => boolean): boolean => test(segments)
    return (wanted!.length === 0 || wanted!.some(matches)) && !unwanted!.some(matches)
  }
}

/** Whether nothing in a folder of this path can be wanted, for one of the `exclude` patterns means the folder. Pure. */
export function folderExcluder({ exclude }: FilePatterns): (relativePath: string) => boolean {
  const unwanted = exclude.map(matcher)
  return (relativePath) => {
    const segments = relativePath.normalize('NFC').split('/')
    return unwanted.some((test) => test(segments))
  }
}

/** Patterns as a person writes them in one line, with semicolons between. */
export function splitPatterns(line: string): string[] {
  return line
    .split(';')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
}

function matcher(pattern: string): (segments: readonly string[]) => boolean {
  const text = pattern
    .normalize('NFC')
    .replaceAll('\\', '/')
    .replace(/^\.?\//u, '')
    .replace(/\/+$/u, '')
  const expression = new RegExp(`^${source(text)}$`, 'iu')
  if (!text.includes('/')) return (segments) => segments.some((segment) => expression.test(segment))
  return (segments) => segments.some((_segment, n) => expression.test(segments.slice(0, n + 1).join('/')))
}

/** The pattern as a regular expression: what is no sign of its own stands for itself. */
function source(pattern: string): string {
  let depth = 0
  return pattern.replace(/\*\*\/|\*\*|\*|\?|[{},]|[^*?{},]+/gu, (part) => {
    if (part === '**/') return '(?:[^/]+/)*'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    if (part === '{' && pattern.includes('}')) return depth++ === 0 ? '(?:' : '\\{'
    if (part === '}' && depth > 0) return --depth === 0 ? ')' : '\\}'
    if (part === ',' && depth > 0) return '|'
    return part.replace(/[\\^$.*+?()[\]{}|/-]/gu, (sign) => `\\${sign}`)
  })
}
