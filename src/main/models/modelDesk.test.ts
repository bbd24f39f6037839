import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelTaskView } from '../../shared/ipc/modelViews'
import type { PushEvent } from '../../shared/ipc/views'
import { DEFAULT_APP_SETTINGS, patchSettings, type AppSettings } from '../../shared/settings/appSettings'
import { workshopForkTransport } from '../processes/forkTransport'
import { WorkshopHost } from '../processes/workshopHost'
import { ModelDesk } from './modelDesk'
import { readModels } from './modelShelf'
import { openModels } from './openModels'

const FIXTURES = path.resolve('src/engine/model/checkpoint/fixtures')
const CHECKPOINT = readFileSync(path.join(FIXTURES, 'archive.pt'))
const OTHER = path.join(FIXTURES, 'wrapped-half.pt')

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-desk-'))
const data = path.join(root, 'data')
const pushes: { readonly event: PushEvent; readonly atMs: number }[] = []
const asked: { readonly url: string; readonly range: string }[] = []
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined
let server: Server
let desk: ModelDesk
let settings: AppSettings = DEFAULT_APP_SETTINGS
const workshop = new WorkshopHost(() => workshopForkTransport(path.resolve('out/main/workshop.js')))

/** A good server, or one that gives so many bytes, and then breaks or falls silent. */
function serve(request: IncomingMessage, response: ServerResponse, upTo: number, then: 'break' | 'hang'): void {
  const from = Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? '')?.[1] ?? 0)
  const range = { 'Content-Range': `bytes ${from}-${CHECKPOINT.length - 1}/${CHECKPOINT.length}` }
  response.writeHead(from > 0 ? 206 : 200, { 'Content-Length': CHECKPOINT.length - from, ...(from > 0 && range) })
  if (upTo >= CHECKPOINT.length) response.end(CHECKPOINT.subarray(from))
  else {
    response.write(CHECKPOINT.subarray(from, Math.max(from, upTo)), () => {
      if (then === 'break') setTimeout(() => response.destroy(), 20)
    })
  }
}
const good = (request: IncomingMessage, response: ServerResponse): void => {
  serve(request, response, CHECKPOINT.length, 'break')
}

async function openDesk(): Promise<ModelDesk> {
  const limits = { stallMs: 60_000, attempts: 2, backoffMs: 5 }
  const models = await openModels({ dataFolder: data, bundledFolder: root, workshop, downloadLimits: limits })
  return new ModelDesk({
    ...models,
    state: await readModels(models.service, models.library),
    settings: () => settings,
    patchSettings: (patch) => Promise.resolve((settings = patchSettings(settings, patch))),
    standsForAuto: () => Promise.resolve('cpu'),
    release: () => Promise.resolve(),
    push: (event) => void pushes.push({ event, atMs: performance.now() }),
    log: (line) => {
      throw new Error(line)
    }
  })
}

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', range: request.headers.range ?? '' })
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const offer = {
    id: 'official',
    name: 'The official one',
    licence: 'Apache-2.0',
    notes: '',
    fileName: 'archive.pt',
    bytes: CHECKPOINT.length,
    sha256: createHash('sha256').update(CHECKPOINT).digest('hex'),
    mirrors: ['first', 'second'].map((name) => ({ name, url: `http://127.0.0.1:${port}/${name}` }))
  }
  writeFileSync(
    path.join(root, 'catalog.json'),
    JSON.stringify({ version: 1, default: 'none', models: [], offers: [offer] })
  )
  desk = await openDesk()
})
afterAll(async () => {
  await desk.close()
  server.closeAllConnections()
  server.close()
  rmSync(root, { recursive: true, force: true })
})

const task = (taskId: string): ModelTaskView | undefined => desk.shelf.tasks.find((one) => one.taskId === taskId)
const installed = (): string[] =>
  existsSync(path.join(data, 'models')) ? readdirSync(path.join(data, 'models')).sort() : []

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > deadline)
      throw new Error(`never came: ${holds.toString()} ${JSON.stringify(desk.shelf.tasks)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function ended(taskId: string): Promise<ModelTaskView['state'] | null> {
  await until(() => task(taskId)?.state.kind !== 'running')
  return task(taskId)?.state ?? null
}

describe('the desk of models', () => {
  it('has tasks: one for one wish, told at its beginning, at most five times a second, and with what came of it at its end', async () => {
    const before = pushes.length
    const wish = { paths: [path.join(FIXTURES, 'archive.pt'), OTHER] }
    const { taskIds } = await desk.handlers['models.addPaths'](wish)
    expect((await desk.handlers['models.addPaths'](wish)).taskIds).toEqual(taskIds)
    expect(pushes.slice(before).filter(({ event }) => event.topic === 'models').length).toBe(2)
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, workshop.pids.length)), 5)
    const states = await Promise.all(taskIds.map(ended))
    clearInterval(watch)
    // Two conversions at once would take twice the memory.
    expect(most).toBe(1)
    expect(states).toMatchObject([
      { kind: 'done', modelId: 'official', isNew: true },
      { kind: 'done', modelId: 'wrapped-half', isNew: true }
    ])
    for (const taskId of taskIds) {
      const told = pushes.flatMap(({ event, atMs }) =>
        event.topic === 'modelTask' && event.task.taskId === taskId ? [{ atMs, state: event.task.state }] : []
      )
      expect(told.length).toBeGreaterThan(1)
      for (const [n, { atMs }] of told.entries()) if (n > 0) expect(atMs - told[n - 1]!.atMs).toBeGreaterThan(190)
      const phases = told.map(({ state }) => (state.kind === 'running' ? state.phase : state.kind))
      if (taskId === taskIds[1]) expect(phases[0]).toBe('wait')
      expect(phases).not.toContain('done')
    }
    // The first word of the end has the model: a window that hears it can choose it.
    const end = pushes.find(
      ({ event }) => event.topic === 'models' && event.shelf.tasks[0]?.state.kind === 'done'
    )?.event
    expect(end?.topic === 'models' && end.models.map(({ id }) => id)).toContain('official')
    expect(desk.shelf.models[0]).toMatchObject({
      kind: 'checkpoint',
      problem: null,
      offerId: 'official',
      licence: 'Apache-2.0'
    })
    expect(desk.shelf.models.map(({ name }) => name)).toEqual(['The official one', 'wrapped-half'])
    expect(desk.shelf.models[0]!.selfChecks[0]).toMatchObject({ device: 'cpu', isTrusted: true })
    expect(desk.shelf.offers[0]).toMatchObject({
      installedAs: 'official',
      partialBytes: 0,
      mirrors: ['first', 'second']
    })
    await desk.handlers['models.dismissTask']({ taskId: taskIds[0]! })
    expect(desk.shelf.tasks.map(({ taskId }) => taskId)).toEqual([taskIds[1]])
  }, 60_000)

  it('keeps a failure until it is dismissed, or wished again; a folder is one, a relative path no task at all', async () => {
    const folder = path.join(root, 'a folder')
    mkdirSync(folder)
    const add = async (): Promise<string> => (await desk.handlers['models.addPaths']({ paths: [folder] })).taskIds[0]!
    const first = await add()
    expect(await ended(first)).toMatchObject({ kind: 'failed', error: { code: 'E_MODEL_UNSUPPORTED' } })
    const second = await add()
    await ended(second)
    expect(desk.shelf.tasks.filter(({ name }) => name === 'a folder').map(({ taskId }) => taskId)).toEqual([second])
    await desk.handlers['models.dismissTask']({ taskId: second })
    const relative = desk.handlers['models.addPaths']({ paths: ['model.pt'] })
    await expect(relative).rejects.toMatchObject({ code: 'E_BAD_REQUEST' })
    await expect(desk.handlers['models.download']({ id: 'x' })).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
    await expect(desk.handlers['models.verify']({ id: 'x' })).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
  })

  it('names what is damaged, offers it again and puts the new one in its place', async () => {
    const whole = await desk.handlers['models.verify']({ id: 'official' })
    expect(await ended(whole.taskId)).toMatchObject({ kind: 'done', damaged: [] })
    const weights = path.join(data, 'models', 'official', 'fp32', 'model.onnx')
    const bytes = readFileSync(weights)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(weights, bytes)
    const verified = await desk.handlers['models.verify']({ id: null })
    expect(await ended(verified.taskId)).toMatchObject({ kind: 'done', damaged: ['official/fp32/model.onnx'] })
    const broken = desk.shelf.models.find(({ id }) => id === 'official')
    expect(broken?.problem).toMatchObject({ code: 'E_MODEL_DAMAGED', data: { detail: 'fp32/model.onnx' } })
    expect(broken?.offerId).toBe('official')
    expect(desk.models.map(({ id }) => id)).toEqual(['wrapped-half'])
    expect(desk.shelf.offers[0]!.installedAs).toBeNull()
    // "Is whole" from before stood beside "is damaged".
    expect(task(whole.taskId)).toBeUndefined()
    answer = good
    const again = await desk.handlers['models.download']({ id: 'official' })
    expect(await ended(again.taskId)).toMatchObject({ kind: 'done', modelId: 'official', isNew: true })
    expect(installed()).toEqual(['official', 'wrapped-half'])
    expect(desk.shelf.models.find(({ id }) => id === 'official')?.problem).toBeNull()
    expect(task(verified.taskId)).toBeUndefined()
  }, 60_000)

  it('takes a model without a readable record for the one it was (a second download stood beside it as official-2)', async () => {
    writeFileSync(path.join(data, 'models', 'official', 'model.json'), '{')
    desk = await openDesk()
    expect(desk.shelf.models[0]).toMatchObject({ id: 'official', name: 'The official one', offerId: 'official' })
    expect(desk.shelf.models[0]!.problem).toMatchObject({ code: 'E_MODEL_DAMAGED' })
    const { taskId } = await desk.handlers['models.download']({ id: 'official' })
    expect(await ended(taskId)).toMatchObject({ kind: 'done', modelId: 'official' })
    expect(installed()).toEqual(['official', 'wrapped-half'])
  }, 60_000)

  it('removes: a check of it is given up, and the form goes back to the one the program starts with', async () => {
    settings = patchSettings(settings, { job: { modelId: 'official' } })
    const { taskId } = await desk.handlers['models.selfCheck']({ id: 'official', device: 'cpu' })
    await desk.handlers['models.remove']({ id: 'official' })
    expect(task(taskId)).toBeUndefined()
    expect(installed()).toEqual(['wrapped-half'])
    expect(settings.job.modelId).toBe('none')
    expect(desk.models.map(({ id }) => id)).toEqual(['wrapped-half'])
  }, 30_000)

  it('downloads from the mirror of the settings; what a broken or cancelled one got is shown and gone on with', async () => {
    settings = { ...settings, modelMirror: 'second' }
    asked.length = 0
    answer = (request, response) => {
      serve(request, response, 3000, 'break')
    }
    const broken = await desk.handlers['models.download']({ id: 'official' })
    expect(await ended(broken.taskId)).toMatchObject({ kind: 'failed', error: { code: 'E_DOWNLOAD_FAILED' } })
    expect(asked[0]!.url).toBe('/second')
    expect(asked.at(-1)!.url).toBe('/first')
    expect(desk.shelf.offers[0]!.partialBytes).toBe(3000)
    answer = (request, response) => {
      serve(request, response, 5000, 'hang')
    }
    const hanging = await desk.handlers['models.download']({ id: 'official' })
    const part = path.join(data, 'downloads', readdirSync(path.join(data, 'downloads'))[0]!, 'archive.pt.part')
    await until(() => statSync(part).size === 5000)
    await desk.handlers['models.cancelTask']({ taskId: hanging.taskId })
    expect(task(hanging.taskId)).toBeUndefined()
    expect(desk.shelf.offers[0]!.partialBytes).toBe(5000)
    asked.length = 0
    answer = good
    const whole = await desk.handlers['models.download']({ id: 'official' })
    expect(await ended(whole.taskId)).toMatchObject({ kind: 'done', modelId: 'official', isNew: true })
    expect(asked).toEqual([{ url: '/second', range: 'bytes=5000-' }])
    expect(readdirSync(path.join(data, 'downloads'))).toEqual([])
  }, 60_000)

  it('takes no byte that is not right', async () => {
    await desk.handlers['models.remove']({ id: 'official' })
    answer = (_request, response) => {
      const bytes = Buffer.from(CHECKPOINT)
      bytes[1000]! ^= 1
      response.end(bytes)
    }
    const { taskId } = await desk.handlers['models.download']({ id: 'official' })
    expect(await ended(taskId)).toMatchObject({ kind: 'failed', error: { code: 'E_DOWNLOAD_MISMATCH' } })
    expect(desk.shelf.offers[0]!.partialBytes).toBe(0)
    expect(installed()).toEqual(['wrapped-half'])
  }, 30_000)

  it('closes in the middle of a conversion, and leaves nothing (the app did not end before it)', async () => {
    const { taskIds } = await desk.handlers['models.addPaths']({ paths: [path.join(FIXTURES, 'archive.pt')] })
    await until(() => workshop.pids.length > 0)
    const startMs = performance.now()
    await desk.close()
    expect(performance.now() - startMs).toBeLessThan(1400)
    expect(task(taskIds[0]!)).toBeUndefined()
    expect(installed()).toEqual(['wrapped-half'])
    expect(workshop.pids).toEqual([])
    await expect(desk.handlers['models.verify']({ id: null })).rejects.toMatchObject({ code: 'E_CANCELLED' })
  }, 30_000)
})
