import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONTENT_SECURITY_POLICY, manifestOf, servePage, type PageManifest } from './pageFiles'

let folder = ''
let manifest: PageManifest

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-page-'))
  const page = path.join(folder, 'renderer')
  mkdirSync(path.join(page, 'assets'), { recursive: true })
  writeFileSync(path.join(page, 'index.html'), '<p>page</p>')
  writeFileSync(path.join(page, 'assets', 'index-abc.js'), 'export {}')
  writeFileSync(path.join(folder, 'secret.js'), 'secret')
  manifest = manifestOf(page)
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

const get = (url: string): Promise<Response> => servePage(manifest, { url, method: 'GET' })

/** RELIABILITY S22: ways to leave the folder or to name another place, in front of and behind names that exist. */
const STEPS = [
  ...[
    '..',
    '..%2f',
    '%2e%2e',
    '%2e%2e%2f',
    '..%5c',
    '..\\',
    '%252e%252e%252f',
    '..;',
    '....//',
    '.%2e',
    '%c0%ae%c0%ae'
  ],
  ...['%00', '//host', '/C:', '\\\\?\\C:', '%5c%5c?%5c', 'file:', '~', '%2F', './%00']
]
const TARGETS = [
  'secret.js',
  'etc/passwd',
  'assets/index-abc.js%00.png',
  'ASSETS/INDEX-ABC.JS',
  'assets/',
  'index.html/'
]
const TRAVERSALS = STEPS.flatMap((step) => TARGETS.map((target) => `app://stillwave/${step}/${target}`))

describe('the page', () => {
  test('is served with its policy and its type (S4, S25)', async () => {
    const response = await get('app://stillwave/index.html')
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('<p>page</p>')
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-length': '11',
      'x-content-type-options': 'nosniff',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cross-origin-opener-policy': 'same-origin'
    })
  })

  test('the policy is the one that was agreed on: nothing unsafe, nothing from elsewhere', () => {
    expect(CONTENT_SECURITY_POLICY).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
        "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-src 'none'; frame-ancestors 'none'"
    )
  })

  test('the empty path is the page; a query changes nothing', async () => {
    for (const url of ['app://stillwave/', 'app://stillwave/assets/index-abc.js?v=1']) {
      expect((await get(url)).status).toBe(200)
    }
  })

  test('HEAD has no body, other methods are refused', async () => {
    const head = await servePage(manifest, { url: 'app://stillwave/', method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '11', ''])
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'get']) {
      expect((await servePage(manifest, { url: 'app://stillwave/', method })).status).toBe(405)
    }
  })

  test(`${TRAVERSALS.length} ways out of the folder lead nowhere (S22)`, async () => {
    expect(TRAVERSALS.length).toBeGreaterThanOrEqual(120)
    for (const url of TRAVERSALS) {
      const body = await (await get(url)).text()
      expect([url, body.includes('secret'), body.includes('root:')]).toEqual([url, false, false])
      const named = URL.canParse(url) ? new URL(url).pathname : ''
      // An address that the parser itself resolves to a served name is that name.
      expect([url, (await get(url)).status]).toEqual([url, manifest.has(named) ? 200 : 404])
    }
  })

  test.each([
    'app://other/index.html',
    'app://stillwave:80/index.html',
    'app://user@stillwave/index.html',
    'app://:pw@stillwave/index.html',
    'https://stillwave/index.html',
    'file:///index.html',
    'index.html',
    ''
  ])('%j is not ours', async (url) => {
    expect((await get(url)).status).toBe(404)
  })
})

describe('the manifest', () => {
  test('a file of an unknown kind stops the start (it would be served as something else)', () => {
    const odd = path.join(folder, 'odd')
    mkdirSync(odd)
    writeFileSync(path.join(odd, 'index.html'), '')
    writeFileSync(path.join(odd, 'run.exe'), '')
    expect(() => manifestOf(odd)).toThrow(/run\.exe/u)
  })

  test('a build without its page stops the start', () => {
    const empty = path.join(folder, 'empty')
    mkdirSync(empty)
    expect(() => manifestOf(empty)).toThrow(/index\.html/u)
  })
})
