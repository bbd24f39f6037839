import { crc32 } from 'node:zlib'
import type { Random } from './random'

/** Lines gone, doubled, moved, or joined with a piece of another; each whole line has its checksum. */
export function mutateLines(lines: readonly string[], random: Random): Buffer {
  const list = [...lines]
  for (let times = random.below(3); times >= 0; times--) {
    const at = random.below(list.length)
    const line = list[at]
    if (line === undefined) break
    const way = random.below(5)
    if (way === 0) list.splice(at, 1)
    if (way === 1) list.splice(at, 0, line)
    if (way === 2) list.splice(random.below(list.length), 0, ...list.splice(at, 1))
    if (way === 3) list[at] = line.slice(0, random.below(line.length))
    if (way === 4) list[at] = withChecksum(random.pick(STRANGE_LINES))
  }
  return Buffer.from(list.join(''))
}

/** JSON that is whole and no line of ours, and heads of other releases. */
const STRANGE_LINES = [
  ...[
    'null',
    '3',
    '[]',
    '{}',
    '"x"',
    '{"kind":"future","data":1}',
    '{"kind":"jobs"}',
    '{"kind":"jobs","jobs":[null,{}]}'
  ],
  ...[
    '{"kind":"settings"}',
    '{"kind":"settings","settings":{"s":null}}',
    '{"kind":"event"}',
    '{"kind":"event","event":null}'
  ],
  ...['{"kind":"head"}', '{"kind":"head","version":0}', '{"kind":"head","version":2}', '{"kind":"head","version":"1"}']
]

const withChecksum = (text: string): string => `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`

const VALUES: readonly unknown[] = [
  ...[null, '', -1, 0.5, 1e308, true, [], {}, 'x'.repeat(5000), '\u0000', '__proto__', '../../../etc/passwd', [[[]]]]
]

/** One value of one line turned into another, or taken away, and the checksum made right: as another program would leave it. */
export function bentValue(lines: readonly string[], random: Random): Buffer {
  const at = random.below(lines.length)
  const value = JSON.parse(lines[at]!.slice(9)) as unknown
  const places = placesOf(value)
  const [holder, key] = random.pick(places)
  if (random.next() < 0.2) Reflect.deleteProperty(holder, key)
  else Reflect.set(holder, key, random.pick(VALUES))
  return Buffer.from(lines.map((line, n) => (n === at ? withChecksum(JSON.stringify(value)) : line)).join(''))
}

function placesOf(value: unknown): (readonly [object, string])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [[value, key] as const, ...placesOf(inner)])
}
