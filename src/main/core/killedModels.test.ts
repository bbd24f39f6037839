import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../models/catalog'
import { CoreBench, ENGINE, isBuilt } from './core.testkit'

const SOURCE = path.resolve('src/engine/model/checkpoint/fixtures/archive.pt')
const CHECKPOINT = readFileSync(SOURCE)
const HALF = CHECKPOINT.length >> 1
/** Beside the other bundles, so that it finds its packages. */
const CHILD = path.resolve('out/testkit')

let bench: CoreBench
let server: Server
const ranges: (string | undefined)[] = []
beforeAll(async () => {
  bench = new CoreBench()
  if (!isBuilt()) return
  server = createServer((request, response) => {
    ranges.push(request.headers.range)
    const from = Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? '')?.[1] ?? 0)
    const length = { 'Content-Length': CHECKPOINT.length - from }
    const range = { 'Content-Range': `bytes ${from}-${CHECKPOINT.length - 1}/${CHECKPOINT.length}` }
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...length, ...range } : length)
    // The first half, and then nothing more: whoever has that is in the middle.
    if (from === 0) sendInPieces(response)
    else response.end(CHECKPOINT.subarray(from))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  bench.modelsFolder = bench.at('models')
  mkdirSync(bench.modelsFolder)
  writeFileSync(path.join(bench.modelsFolder, 'catalog.json'), JSON.stringify(catalog()))
  await build({
    logLevel: 'error',
    configFile: false,
    build: {
      ssr: path.resolve(import.meta.dirname, 'modelChild.testkit.ts'),
      outDir: CHILD,
      target: 'node20',
      emptyOutDir: false,
      rolldownOptions: { output: { format: 'es', entryFileNames: 'modelChild.js' } }
    }
  })
})
afterAll(async () => {
  await bench.remove()
  if (!isBuilt()) return
  server.closeAllConnections()
  server.close()
})

function sendInPieces(response: { write(chunk: Buffer): unknown }): void {
  response.write(CHECKPOINT.subarray(0, HALF >> 1))
  // Progress is told ten times a second at most: the second piece is told.
  setTimeout(() => response.write(CHECKPOINT.subarray(HALF >> 1, HALF)), 400)
}

function catalog(): Catalog {
  const { port } = server.address() as AddressInfo
  const offer = {
    id: 'official',
    name: 'The official one',
    licence: 'Apache-2.0',
    notes: '',
    fileName: 'archive.pt',
    bytes: CHECKPOINT.length,
    sha256: createHash('sha256').update(CHECKPOINT).digest('hex'),
    mirrors: [{ name: 'here', url: `http://127.0.0.1:${port}/` }]
  }
  return { version: 1, default: 'none', models: [], offers: [offer] }
}

/** Ends by its own hand in the middle of it. */
async function killedAt(what: string, phase: string): Promise<void> {
  const args = [path.join(CHILD, 'modelChild.js'), bench.root, bench.modelsFolder, path.dirname(ENGINE), what, phase]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  expect(signal).toBe('SIGKILL')
}

const models = (): string[] => readdirSync(path.join(bench.data, 'models'))

async function finished(taskIds: readonly string[]): Promise<void> {
  const state = (): unknown => bench.core.services.models.shelf.tasks.find(({ taskId }) => taskId === taskIds[0])?.state
  await bench.until(() => (state() as { kind: string }).kind !== 'running')
  expect(state()).toMatchObject({ kind: 'done', modelId: 'official', isNew: true })
}

describe.skipIf(!isBuilt())('an app that is killed while it is at a model', () => {
  it('in the middle of a conversion: nothing of it is there after the next start, and the same file can be added', async () => {
    await killedAt(SOURCE, 'convert')
    expect(models().filter((name) => name.startsWith('.adding-')).length).toBe(1)
    const core = await bench.open()
    expect(models()).toEqual([])
    expect(core.services.models.shelf.models).toEqual([])
    await finished((await core.handlers['models.addPaths']({ paths: [SOURCE] })).taskIds)
    await core.handlers['models.remove']({ id: 'official' })
    await bench.close()
  }, 60_000)

  it('in the middle of a download: what came stays, is shown by the next start, and is gone on with', async () => {
    await killedAt('official', 'download')
    const downloads = path.join(bench.data, 'downloads')
    const [folder] = readdirSync(downloads)
    const part = path.join(downloads, folder!, 'archive.pt.part')
    const core = await bench.open()
    const kept = statSync(part).size
    expect(kept).toBeGreaterThan(0)
    expect(core.services.models.shelf.offers[0]).toMatchObject({ partialBytes: kept, installedAs: null })
    // Nothing goes on by itself.
    expect(ranges).toEqual([undefined])
    await finished([(await core.handlers['models.download']({ id: 'official' })).taskId])
    expect(ranges).toEqual([undefined, `bytes=${kept}-`])
    expect(existsSync(part)).toBe(false)
    expect(models()).toEqual(['official'])
  }, 60_000)
})
