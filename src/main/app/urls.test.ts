import { describe, expect, test } from 'vitest'
import { APP_ORIGIN, isOwnAddress, mediaUrl, originOf, pageUrl } from './urls'

const argv = (origin: string): string[] => ['electron', '.', `--stillwave-host-origin=${origin}`]

describe('the origin', () => {
  test('is the app scheme, and in development one of this machine', () => {
    expect(originOf(['electron', '.'], false)).toBe(APP_ORIGIN)
    expect(originOf(argv('http://127.0.0.1:4321'), false)).toBe('http://127.0.0.1:4321')
  })

  test('a packaged app takes none (a shortcut could point the window at another server)', () => {
    expect(originOf(argv('http://127.0.0.1:4321'), true)).toBe(APP_ORIGIN)
  })

  test.each([
    'http://127.0.0.1:4321@evil.example',
    'http://127.0.0.1.evil.example:80',
    'http://127.0.0.1:80/x',
    'https://127.0.0.1:80',
    'http://localhost:80',
    'http://127.0.0.1:80\n',
    'file:///',
    ''
  ])('%j is refused', (origin) => {
    expect(originOf(argv(origin), false)).toBe(APP_ORIGIN)
  })

  test('addresses are built from it', () => {
    expect(pageUrl(APP_ORIGIN)).toBe('app://stillwave/index.html')
    expect(mediaUrl(APP_ORIGIN, 'a/../b')).toBe('app://stillwave/media/a%2F..%2Fb')
  })
})

describe('isOwnAddress (a page that asks the network)', () => {
  test.each(['app://stillwave/index.html', 'blob:app://stillwave/1-2', 'devtools://devtools/bundled/x.html'])(
    '%s is ours',
    (address) => {
      expect(isOwnAddress(address, APP_ORIGIN)).toBe(true)
    }
  )
  test.each([
    'https://example.org/',
    'http://127.0.0.1/',
    'file:///etc/passwd',
    'app://stillwave.evil/index.html',
    'app://other/',
    'blob:https://example.org/1',
    'data:text/html,x',
    'ws://example.org/',
    ''
  ])('%j is not', (address) => {
    expect(isOwnAddress(address, APP_ORIGIN)).toBe(false)
  })
})
