/** What a request wants of `sizeBytes` bytes; `end` is exclusive. */
export type ByteRange =
  | { readonly kind: 'all' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

/** `bytes` in any case, and nothing between it and its set (RFC 9110, section 14.1). */
const BYTES = /^bytes=(.*)$/iu
const SPEC = /^(\d*)-(\d*)$/u

const ALL: ByteRange = { kind: 'all' }
const UNSATISFIABLE: ByteRange = { kind: 'unsatisfiable' }

/**
 * Reads a `Range` header by RFC 9110, section 14. A unit that is not known must be ignored (14.2). A set that cannot be read,
 * is inverted, or has several ranges may be ignored or refused: refused here (15.5.17), since who asks for a part of 4 GB is
 * not helped by all of them, and a player has no use for `multipart/byteranges`.
 */
export function byteRangeOf(header: string | null, sizeBytes: number): ByteRange {
  const set = header === null ? null : BYTES.exec(header.trim())?.[1]
  if (set === null || set === undefined) return ALL
  // A list may have empty elements and blanks around each (RFC 9110, section 5.6.1).
  const specs = set.split(',').flatMap((spec) => spec.trim() || [])
  const match = specs.length === 1 ? SPEC.exec(specs[0] ?? '') : null
  if (match === null) return UNSATISFIABLE
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? UNSATISFIABLE : suffixOf(Number(last), sizeBytes)
  // Beyond 2^53 a number is no longer exact, but still beyond any size.
  const start = Number(first)
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes)
  return start < end ? { kind: 'part', start, end } : UNSATISFIABLE
}

function suffixOf(lengthBytes: number, sizeBytes: number): ByteRange {
  // Of no bytes there is no part that a Content-Range could name.
  if (lengthBytes === 0 || sizeBytes === 0) return UNSATISFIABLE
  return { kind: 'part', start: Math.max(0, sizeBytes - lengthBytes), end: sizeBytes }
}
