import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryBook } from './memoryBook'

let folder: string
const log: string[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-book-'))
  log.length = 0
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

let nowMs = 1000
const openBook = (program = '1.0'): Promise<MemoryBook> =>
  MemoryBook.open({ folder, program, log: (line) => void log.push(line), nowMs: () => nowMs })
const point = (peakBytes: number, speed: number | null = null): Parameters<MemoryBook['record']>[1] => {
  return { chunkSec: 1, batch: 2, peakBytes, vramBytes: null, speed }
}

describe('MemoryBook', () => {
  it('remembers over a restart; of one shape the highest peak and the best speed', async () => {
    const book = await openBook()
    for (const [peak, speed] of [
      [2e8, 10],
      [1e8, 12],
      [15e7, null]
    ] as const)
      book.record('m', point(peak, speed))
    book.setLimit('m', { chunkSec: 0.5, batch: 1 })
    await book.flush()
    const again = await openBook()
    expect(again.points('m')).toEqual([point(2e8, 12)])
    expect(again.limit('m')).toMatchObject({ chunkSec: 0.5, batch: 1 })
    expect(again.points('other')).toEqual([])
  })

  it('keeps what another process wrote meanwhile (the window’s figures were gone after a command)', async () => {
    const [window, command] = [await openBook(), await openBook()]
    window.record('a', point(1e8))
    await window.flush()
    command.record('b', point(2e8))
    await command.flush()
    const both = await openBook()
    expect([both.points('a').length, both.points('b').length]).toEqual([1, 1])
  })

  it('forgets a limit after two weeks, and all of another version of the program', async () => {
    const book = await openBook()
    book.setLimit('m', { chunkSec: 0.5, batch: 1 })
    book.record('m', point(1e8))
    await book.flush()
    nowMs += 15 * 86_400_000
    expect(book.limit('m')).toBe(null)
    expect((await openBook('2.0')).points('m')).toEqual([])
  })

  it('starts anew from a file that cannot be read, and says so', async () => {
    writeFileSync(path.join(folder, 'memory.json'), '{"version":1,"entries":[')
    expect((await openBook()).points('m')).toEqual([])
    expect(log.join()).toContain('memory.json')
  })
})
