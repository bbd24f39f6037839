import { CONTRACT, type RouteName } from '../../src/shared/ipc/contract'

export interface HostileCall {
  readonly group: string
  readonly method: string
  readonly request: unknown
}

const DEEP = Array.from({ length: 60 }).reduce<unknown>((inner) => ({ inner }), 'bottom')

/** Wrong for every route: none of them takes a field `__proto__`, an array or a number as its request. */
const PAYLOADS: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  '',
  'x'.repeat(100_000),
  true,
  [],
  [[]],
  ['queue.start'],
  { constructor: { prototype: { polluted: true } } },
  { jobIds: [''] },
  { jobIds: '../../etc/passwd' },
  { jobIds: ['a'], beforeId: 'x'.repeat(65) },
  { jobId: { toString: 'x' } },
  { jobId: '', which: 'source' },
  { paths: [] },
  { paths: [7] },
  { paths: ['x'.repeat(40_000)] },
  { settings: DEEP },
  { on: 'yes' },
  { choice: 'everything' },
  { what: 'drives' },
  { scanId: 1 },
  { theme: 'url(javascript:1)' },
  { job: { chunkSec: 1e9 } },
  { unknownField: 1 },
  { extra: DEEP }
]

/** `count` calls, over all routes and payloads in turn. */
export function hostileCalls(count: number): readonly HostileCall[] {
  const routes = Object.keys(CONTRACT) as RouteName[]
  return Array.from({ length: count }, (_, i) => {
    const [group = '', method = ''] = routes[i % routes.length]!.split('.')
    return { group, method, request: PAYLOADS[(i * 7 + Math.floor(i / routes.length)) % PAYLOADS.length] }
  }).map((call) => call)
}
