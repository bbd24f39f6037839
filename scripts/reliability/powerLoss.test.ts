import { describe, expect, it } from 'vitest'
import { diskCalls, type DiskCall } from './diskOrder'
import { powerLosses, type PowerLoss } from './powerLoss'

const write = (path: string, text = ''): DiskCall => ({ kind: 'write', path, text })
const sync = (path: string): DiskCall => ({ kind: 'sync', path })
const right: readonly DiskCall[] = [
  { kind: 'create', path: '/o/.a.part' },
  write('/o/.a.part'),
  write('/o/.a.part'),
  sync('/o/.a.part'),
  { kind: 'link', from: '/o/.a.part', to: '/o/a.wav' },
  { kind: 'unlink', path: '/o/.a.part' },
  sync('/o'),
  write('/d/queue.jsonl', 'done')
]
const losses = (calls: readonly DiskCall[]): PowerLoss =>
  powerLosses(calls, {
    isFinal: (file) => file.endsWith('.wav'),
    toldBy: ({ text }) => (text === 'done' ? ['/o/a.wav'] : [])
  })
const without = (n: number): readonly DiskCall[] => right.filter((_, at) => at !== n)

describe('powerLosses', () => {
  it('finds nothing where file and folder are synced in their order', () => {
    expect(losses(right)).toMatchObject({ torn: [], lost: [] })
    expect(losses(right).states).toBeGreaterThan(right.length)
  })

  it('finds a file that got its name before its content (the classic empty file after a power cut)', () => {
    expect(losses(without(3)).torn).not.toEqual([])
    expect(losses([...right.slice(0, 3), right[4]!, right[3]!, ...right.slice(5)]).torn).not.toEqual([])
  })

  it('finds what is written after the last sync', () => {
    expect(losses([...right, write('/o/a.wav')]).torn).not.toEqual([])
  })

  it('finds a file that is told done before its name lasts, or before its new folder does', () => {
    expect(losses(without(6)).lost).toEqual(['/o/a.wav after call 6'])
    expect(losses([{ kind: 'mkdir', path: '/o' }, ...right]).lost).not.toEqual([])
    expect(losses([{ kind: 'mkdir', path: '/o' }, sync('/'), ...right]).lost).toEqual([])
  })
})

it('reads what strace writes down, also of threads that take turns', () => {
  const trace = [
    '7 openat(AT_FDCWD</w>, "/o/.a.part", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0666 <unfinished ...>',
    '8 openat(AT_FDCWD</w>, "/o/b.wav", O_RDONLY|O_CLOEXEC) = 19</o/b.wav>',
    '7 <... openat resumed>)             = 23</o/.a.part>',
    '7 pwrite64(23</o/.a.part>, "RIFF\\"", 5, 0) = 5',
    '8 fsync(23</o/.a.part>) = 0',
    '8 link("/o/.a.part", "/o/a.wav") = -1 EEXIST (File exists)',
    '8 rename("/o/.a.part", "/o/a.wav") = 0'
  ].join('\n')
  expect(diskCalls(trace)).toEqual([
    { kind: 'create', path: '/o/.a.part' },
    { kind: 'write', path: '/o/.a.part', text: 'RIFF\\"' },
    { kind: 'sync', path: '/o/.a.part' },
    { kind: 'rename', from: '/o/.a.part', to: '/o/a.wav' }
  ])
})
