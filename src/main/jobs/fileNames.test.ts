import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { fitName, isInside, MAX_NAME_BYTES, numberedPath, pathKey, sanitiseName } from './fileNames'
import { hostileNames } from './hostileNames.testkit'

describe('sanitiseName', () => {
  it.each([
    ['CON', '_CON'],
    ['con.wav', '_con.wav'],
    ['NUL.tar.wav', '_NUL.tar.wav'],
    ['COM1', '_COM1'],
    ['LPT\u00b2.wav', '_LPT\u00b2.wav'],
    ['CON .wav', '_CON .wav'],
    ['console.wav', 'console.wav'],
    ['a:b?.wav', 'a_b_.wav'],
    ['trailing. ', 'trailing__'],
    ['back\\slash', 'back_slash'],
    ['line\nbreak', 'line_break']
  ])('on Windows %j becomes %j (S31: such a file could not be made, or not deleted)', (name, legal) => {
    expect(sanitiseName(name, 'win32')).toBe(legal)
  })

  it.each(['a:b.wav', 'line\nbreak.wav', 'CON.wav', '-dash.wav', '%03d.wav', 'trailing. '])(
    'keeps %j where it is legal',
    (name) => {
      expect(sanitiseName(name, 'linux')).toBe(name)
    }
  )

  it.each(['..', '.', '', 'a/b', 'nul\0byte'])('never lets %j leave its folder', (name) => {
    const legal = sanitiseName(name, 'linux')
    expect(path.dirname(path.join('/out', legal))).toBe('/out')
    expect(legal).not.toContain('\0')
  })

  it('holds 10,000 hostile names inside the output folder, on both systems (S27)', () => {
    for (const name of hostileNames(10_000, 7)) {
      for (const [platform, tools] of [
        ['linux', path.posix],
        ['win32', path.win32]
      ] as const) {
        const root = platform === 'win32' ? 'C:\\out' : '/out'
        const target = tools.resolve(root, sanitiseName(name, platform))
        expect(tools.dirname(target), JSON.stringify(name)).toBe(root)
      }
    }
  })
})

describe('fitName', () => {
  it('cuts at 255 bytes and never inside a character (half a surrogate is no file name)', () => {
    for (const stem of ['a'.repeat(300), '\u6f22'.repeat(120), '\u{1f600}'.repeat(80)]) {
      const name = fitName(stem, '.clean.wav')
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_NAME_BYTES)
      expect(Buffer.byteLength(name)).toBeGreaterThan(MAX_NAME_BYTES - 4)
      expect(encodeURIComponent(name)).toBeTruthy() // Throws on half a surrogate.
    }
  })

  it('leaves a name that fits', () => {
    expect(fitName('a', '.wav')).toBe('a.wav')
  })
})

describe('paths', () => {
  it('numbers before the extension', () => {
    expect(numberedPath(path.join('/o', 'a.b.wav'), 2)).toBe(path.join('/o', 'a.b (2).wav'))
  })

  it('sees through letter case and Unicode form (a Mac would overwrite one with the other)', () => {
    expect(pathKey('/o/CAFE\u0301.wav')).toBe(pathKey('/o/caf\u00e9.WAV'))
    expect(pathKey('/o/a.wav')).not.toBe(pathKey('/o/b.wav'))
  })

  it.each([
    ['/out', '/out/a', true],
    ['/out', '/out/..a', true],
    ['/out', '/out-evil/a', false],
    ['/out', '/out', false],
    ['/out', '/', false],
    ['/out', '/out/../x', false]
  ])('isInside(%s, %s) is %s', (folder, target, inside) => {
    expect(isInside(folder, target)).toBe(inside)
  })
})
