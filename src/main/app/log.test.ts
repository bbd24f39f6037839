import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { leastLevel, LogFile, logLine } from './log'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-log-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  vi.restoreAllMocks()
})

describe('a line', () => {
  test('has no home folder and is one line (S20: the report would carry the user name)', () => {
    const line = logLine('at /home/ann/a.wav\n    at /home/ann/b.ts', '/home/ann', new Date(0))
    expect(line).toBe('1970-01-01T00:00:00.000Z info at ~/a.wav | at ~/b.ts\n')
  })

  test('has no control characters (a file name could write its own lines) and an end', () => {
    expect(logLine('a\r\u001b[2Kb\u0000', '', new Date(0)).slice(30)).toBe('a  [2Kb \n')
    expect(logLine('x'.repeat(100_000), '', new Date(0)).length).toBeLessThan(4100)
  })
})

describe('the file', () => {
  test('goes on where an earlier run left it', () => {
    const inside = path.join(folder, 'logs')
    new LogFile(inside, '').write('one')
    new LogFile(inside, '').write('two')
    expect(readFileSync(path.join(inside, 'main.log'), 'utf8')).toMatch(/ info one\n.* info two\n$/u)
  })

  test('leaves out what is below its level (a debug run would fill every log)', () => {
    new LogFile(folder, '').write('small', 'debug')
    new LogFile(folder, '', { least: leastLevel({ STILLWAVE_LOG: 'debug' }) }).write('asked for', 'debug')
    new LogFile(folder, '', { least: leastLevel({ STILLWAVE_LOG: 'nonsense' }) }).write('bad', 'error')
    expect(readFileSync(path.join(folder, 'main.log'), 'utf8')).toMatch(/^\S+ debug asked for\n\S+ error bad\n$/u)
  })

  test('turns over at its size and keeps two older ones (a log filled the disk)', () => {
    const log = new LogFile(folder, '', { maxBytes: 1000 })
    for (let index = 0; index < 200; index++) log.write(`line ${index} ä`)
    expect(readdirSync(folder).sort()).toEqual(['main.1.log', 'main.2.log', 'main.log'])
    for (const name of readdirSync(folder)) expect(statSync(path.join(folder, name)).size).toBeLessThanOrEqual(1000)
    expect(readFileSync(path.join(folder, 'main.log'), 'utf8')).toContain('line 199')
  })

  test('that cannot be written is told once and stops nothing', () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const blocked = path.join(folder, 'file')
    writeFileSync(blocked, '')
    const log = new LogFile(path.join(blocked, 'logs'), '')
    log.write('a')
    log.write('b')
    expect(told).toHaveBeenCalledTimes(1)
  })
})
