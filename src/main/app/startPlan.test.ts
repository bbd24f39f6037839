import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { OPTION_NAMES } from '../cli/args'
import { planStart, switchValue, userArgs, type StartPlan } from './startPlan'

const cwd = path.resolve('/start')
const packaged = (...args: string[]): StartPlan =>
  planStart({ argv: ['/opt/Stillwave/stillwave', ...args], isPackaged: true, cwd, optionNames: OPTION_NAMES })
const inDevelopment = (...args: string[]): StartPlan =>
  planStart({ argv: ['/x/electron', ...args], isPackaged: false, cwd, optionNames: OPTION_NAMES })

describe('what a start is for', () => {
  test('nothing named: the window', () => {
    expect(packaged()).toEqual({ kind: 'window', paths: [] })
    expect(inDevelopment('.')).toEqual({ kind: 'window', paths: [] })
  })

  test('paths alone: the window, which adds them, absolute', () => {
    const paths = [path.resolve('/start/a.wav'), path.resolve('/b')]
    expect(packaged('a.wav', path.resolve('/b'))).toEqual({ kind: 'window', paths })
    expect(inDevelopment('--inspect', '.', 'a.wav', path.resolve('/b'))).toEqual({ kind: 'window', paths })
  })

  test.each(OPTION_NAMES.flatMap((name) => [`--${name}`, `--${name}=x`]).concat('-h', '--headless'))(
    'with %s it is a command (a script opened a window and hung)',
    (option) => {
      expect(packaged('folder', option).kind).toBe('command')
      expect(packaged(option, 'folder').kind).toBe('command')
      expect(inDevelopment('.', 'folder', option).kind).toBe('command')
    }
  )

  test('a command gets its words as they are, without those for Chromium', () => {
    expect(packaged('folder', '--out', '/o', '--no-sandbox', '--ozone-platform=headless', '--headless')).toEqual({
      kind: 'command',
      argv: ['folder', '--out', '/o']
    })
    expect(packaged('--quiet', '--', '--headless', '-h')).toEqual({
      kind: 'command',
      argv: ['--quiet', '--', '--headless', '-h']
    })
  })

  test('a wrong option beside a right one stays, so that the command can refuse it', () => {
    expect(packaged('folder', '--out', '/o', '--nonsense')).toMatchObject({
      argv: ['folder', '--out', '/o', '--nonsense']
    })
  })

  test('switches of the system alone do not keep the window away', () => {
    const switches = ['-psn_0_123', '--enable-features=X', '--outer=1', '--stillwave-host-origin=http://127.0.0.1:1']
    expect(packaged(...switches, 'a.wav')).toEqual({ kind: 'window', paths: [path.resolve('/start/a.wav')] })
  })

  test('after two dashes everything is a path, also what looks like an option', () => {
    expect(packaged('--', '--out', '-h')).toEqual({
      kind: 'window',
      paths: [path.resolve('/start/--out'), path.resolve('/start/-h')]
    })
  })

  test('desktops hand over addresses of files', () => {
    expect(packaged('file:///music/a%20b.wav')).toEqual({ kind: 'window', paths: [path.resolve('/music/a b.wav')] })
  })

  test('an empty name is no path (it would add the working folder)', () => {
    expect(packaged('')).toEqual({ kind: 'window', paths: [] })
  })
})

describe('remote debugging (S18)', () => {
  test.each([
    '--remote-debugging-port=9222',
    '--remote-debugging-pipe',
    '-remote-debugging-port=1',
    '/remote-debugging-port=1',
    '--REMOTE-DEBUGGING-PORT=1',
    '--remote-allow-origins=*'
  ])('a packaged app does not start with %s', (name) => {
    expect(packaged('a.wav', name)).toEqual({ kind: 'refused', because: name.split('=')[0] })
    expect(packaged('a.wav', '--out', 'x', name).kind).toBe('refused')
  })

  test('in development, and as a path, it is nothing special', () => {
    expect(inDevelopment('--remote-debugging-port=0', '.').kind).toBe('window')
    expect(packaged('--', '--remote-debugging-port=0').kind).toBe('window')
  })
})

test('the app folder of a development start is no path to add, whatever stands before it', () => {
  expect(userArgs(['e', '--inspect=0', '--remote-debugging-port=0', 'out/main/index.js', 'a'], false)).toEqual([
    '--inspect=0',
    '--remote-debugging-port=0',
    'a'
  ])
  expect(userArgs(['app', 'a'], true)).toEqual(['a'])
})

test('switchValue', () => {
  expect(switchValue(['e', '--user-data-dir=/d', 'x'], 'user-data-dir')).toBe('/d')
  expect(switchValue(['e', '--user-data-dir=', 'x'], 'user-data-dir')).toBeNull()
  expect(switchValue(['e', '--user-data-dirs=/d'], 'user-data-dir')).toBeNull()
})
