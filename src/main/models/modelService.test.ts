import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workshopForkTransport } from '../processes/forkTransport'
import { WorkshopHost } from '../processes/workshopHost'
import type { Catalog } from './catalog'
import { openModels, type Models } from './openModels'

const CHECKPOINT = readFileSync(path.resolve('src/engine/model/checkpoint/fixtures/archive.pt'))

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-service-'))
const asked: string[] = []
let server: Server
let models: Models
let inUse: string | null = null

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const bytes = Buffer.from(CHECKPOINT)
    if (request.url === '/wrong') bytes[1000]! ^= 1
    response.end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = (name: string): string => `http://127.0.0.1:${port}/${name}`
  const catalog: Catalog = {
    version: 1,
    default: 'none',
    models: [],
    offers: [
      {
        id: 'official',
        name: 'The official one',
        licence: 'Apache-2.0',
        notes: '',
        fileName: 'archive.pt',
        bytes: CHECKPOINT.length,
        sha256: createHash('sha256').update(CHECKPOINT).digest('hex'),
        mirrors: ['right', 'wrong'].map((name) => ({ name, url: url(name) }))
      }
    ]
  }
  writeFileSync(path.join(root, 'catalog.json'), JSON.stringify(catalog))
  models = await openModels({
    dataFolder: path.join(root, 'data'),
    bundledFolder: root,
    workshop: new WorkshopHost(() => workshopForkTransport(path.resolve('out/main/workshop.js'))),
    isInUse: (id) => id === inUse
  })
})
afterAll(() => {
  server.close()
  rmSync(root, { recursive: true, force: true })
})

describe('an offered model', () => {
  it('comes from the mirror that was asked for, or the next where that lies; is installed under its own name; comes once', async () => {
    const { service, library } = models
    await expect(service.download('official', { mirror: 'none' })).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
    await expect(service.download('other')).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
    expect(asked).toEqual([])
    const phases = new Set<string>()
    const { record, isNew } = await service.download('official', {
      mirror: 'wrong',
      onProgress: ({ phase }) => phases.add(phase)
    })
    expect(asked).toEqual(['/wrong', '/right'])
    expect(isNew).toBe(true)
    expect(record).toMatchObject({ id: 'official', name: 'The official one', licence: 'Apache-2.0', channels: 2 })
    expect(record.selfChecks[0]!.isTrusted).toBe(true)
    expect([...phases]).toEqual(['download', 'hash', 'inspect', 'convert', 'check'])
    expect(readdirSync(path.join(root, 'data', 'downloads'))).toEqual([])
    expect(await service.download('official')).toMatchObject({ isNew: false })
    expect(asked.length).toBe(2)
    expect((await service.list()).offers[0]!.installedAs).toBe('official')
    const resolved = await library.resolve('official', { precision: 'fp16' })
    expect(resolved).toMatchObject({ label: 'official', precision: 'fp16', precisionReason: null })
    expect(existsSync(resolved.files.statefulPath!)).toBe(true)
  })

  it('its id is its own (a file of the user under it would be taken for the official one)', async () => {
    const other = path.join(root, 'official.pt')
    writeFileSync(other, readFileSync(path.resolve('src/engine/model/checkpoint/fixtures/wrapped-half.pt')))
    await expect(models.service.add(other, { id: 'official' })).rejects.toMatchObject({ code: 'E_MODEL_EXISTS' })
  })

  it('is not removed while an engine runs on it', async () => {
    inUse = 'official'
    await expect(models.service.remove('official')).rejects.toMatchObject({ code: 'E_MODEL_IN_USE' })
    inUse = null
    await models.service.remove('official')
    await expect(models.library.resolve('official')).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
  })

  it('stops at the signal and leaves no half model', async () => {
    const stop = new AbortController()
    const onProgress = ({ phase }: { readonly phase: string }): void => {
      if (phase === 'convert') stop.abort()
    }
    await expect(models.service.download('official', { signal: stop.signal, onProgress })).rejects.toMatchObject({
      code: 'E_CANCELLED'
    })
    expect(readdirSync(path.join(root, 'data', 'models'))).toEqual([])
    // What was fetched is used by the next try.
    asked.length = 0
    expect((await models.service.download('official')).isNew).toBe(true)
    expect(asked).toEqual([])
  })
})
