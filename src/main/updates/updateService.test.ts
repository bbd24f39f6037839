import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { UpdatesView } from '../../shared/ipc/updateViews'
import { isNewer, listName, readFeed } from './updateFeed'
import { UpdateService } from './updateService'

let answer: { readonly status: number; readonly body: string } = { status: 200, body: '' }
let asked: string[] = []
const server = http.createServer((request, response) => {
  asked.push(request.url ?? '')
  response.writeHead(answer.status)
  response.end(answer.body)
})
let feed = ''
let folder = ''
beforeEach(async () => {
  asked = []
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-updates-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  feed = `http://127.0.0.1:${(server.address() as AddressInfo).port}/packages/`
})
const services: UpdateService[] = []
afterEach(async () => {
  for (const service of services.splice(0)) service.close()
  rmSync(folder, { recursive: true, force: true })
  await new Promise((resolve) => server.close(resolve))
})

function service(agreed: () => boolean, views: UpdatesView[] = [], at: string | null = feed): UpdateService {
  const one = new UpdateService({
    ...{ feed: at, version: '0.1.0', isAgreed: agreed, firstMs: 5, everyMs: 20 },
    onView: (view) => views.push(view)
  })
  services.push(one)
  return one
}

const LIST =
  'version: 0.2.0\nfiles:\n  - url: Stillwave-0.2.0.AppImage\n    sha512: AAAA\npath: Stillwave-0.2.0.AppImage\n'

describe('looking for new versions', () => {
  it('asks nobody before the user agrees, and nobody once the agreement is taken back (a request that was never allowed)', async () => {
    answer = { status: 200, body: LIST }
    let agreed = false
    const one = service(() => agreed)
    await sleep(60)
    expect(asked).toEqual([])
    agreed = true
    one.agreed()
    await vi.waitFor(() => {
      expect(asked.length).toBeGreaterThan(1)
    })
    agreed = false
    one.agreed()
    await sleep(20)
    const before = asked.length
    await sleep(60)
    expect(asked.length).toBe(before)
  })

  it('asks when told to, whatever is agreed, and says what there is', async () => {
    const views: UpdatesView[] = []
    const one = service(() => false, views)
    answer = { status: 200, body: LIST }
    await one.handlers['updates.ask']({})
    expect(asked).toEqual([`/packages/${listName(process.platform, process.arch)}`])
    expect(views.map(({ state }) => state.kind)).toEqual(['asking', 'newer'])
    expect(one.view).toEqual({ host: new URL(feed).host, state: { kind: 'newer', version: '0.2.0', address: feed } })
    answer = { status: 200, body: LIST.replace('0.2.0', '0.1.0') }
    await one.handlers['updates.ask']({})
    expect(one.view.state).toEqual({ kind: 'current' })
  })

  it.each([
    ['is not there', { status: 404, body: '' }, 'status 404'],
    ['has no version', { status: 200, body: '<html>Welcome to this network</html>' }, 'without a version'],
    ['has a version of another kind', { status: 200, body: 'version: $(reboot)\n' }, 'without a version'],
    ['never ends', { status: 200, body: 'x'.repeat(200_000) }, 'more than 64 kB']
  ])('says that the list %s, and whose it is', async (_, given, said) => {
    answer = given
    const one = service(() => false)
    await one.handlers['updates.ask']({})
    const { state } = one.view
    expect(state.kind).toBe('failed')
    if (state.kind !== 'failed') return
    expect(state.detail).toContain(said)
    expect(state.detail).toContain('127.0.0.1')
  })

  it('asks nobody where the copy was built without a feed', async () => {
    const one = service(() => true, [], null)
    await one.handlers['updates.ask']({})
    await sleep(40)
    expect(asked).toEqual([])
    expect(one.view).toEqual({ host: null, state: { kind: 'unknown' } })
  })
})

describe('the feed of a copy', () => {
  it('is what electron-builder wrote beside the archive', () => {
    const file = path.join(folder, 'app-update.yml')
    expect(readFeed(file)).toBeNull()
    writeFileSync(
      file,
      'provider: generic\nurl: https://example.org/stillwave\nupdaterCacheDirName: stillwave-updater\n'
    )
    expect(readFeed(file)).toBe('https://example.org/stillwave/')
    writeFileSync(file, 'provider: generic\nurl: not an address\n')
    expect(readFeed(file)).toBeNull()
  })

  it('names the list of each platform as electron-builder does', () => {
    expect([listName('win32', 'x64'), listName('win32', 'arm64')]).toEqual(['latest.yml', 'latest.yml'])
    expect(listName('darwin', 'arm64')).toBe('latest-mac.yml')
    expect([listName('linux', 'x64'), listName('linux', 'arm64')]).toEqual([
      'latest-linux.yml',
      'latest-linux-arm64.yml'
    ])
  })

  it('orders versions by number, not by letter', () => {
    expect(isNewer('0.10.0', '0.9.3')).toBe(true)
    expect(isNewer('1.0.0', '0.9.9')).toBe(true)
    expect(isNewer('0.9.3', '0.10.0')).toBe(false)
    expect(isNewer('0.1.0', '0.1.0')).toBe(false)
    expect(isNewer('0.1.0', '0.1.0-beta.2')).toBe(false)
  })
})
