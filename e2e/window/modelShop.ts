import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { ROOT } from './launch'

/** Serves one file over a slow line: half of it, then nothing more as long as it holds. */
export class ModelShop {
  /** The `Range` of every request; undefined for one that wants it all. */
  readonly ranges: (string | undefined)[] = []
  isHolding = true

  private constructor(
    readonly bytes: Buffer,
    private readonly server: Server
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.answer(request, response)
    })
  }

  static async open(bytes: Buffer): Promise<ModelShop> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new ModelShop(bytes, server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/model.pt`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private answer({ headers: { range } }: IncomingMessage, response: ServerResponse): void {
    this.ranges.push(range)
    const { length } = this.bytes
    const from = Number(/^bytes=(\d+)-/u.exec(range ?? '')?.[1] ?? 0)
    response.statusCode = range === undefined ? 200 : 206
    response.setHeader('Content-Length', length - from)
    response.setHeader('ETag', '"one"')
    if (range !== undefined) response.setHeader('Content-Range', `bytes ${from}-${length - 1}/${length}`)
    this.trickle(response, from, this.isHolding ? length >> 1 : length)
  }

  /** A slow line: what is told on the way is seen on the way. */
  private trickle(response: ServerResponse, from: number, to: number): void {
    if (response.destroyed) return
    const next = Math.min(to, from + Math.ceil(this.bytes.length / PARTS))
    response.write(this.bytes.subarray(from, next))
    if (next === this.bytes.length) response.end()
    else if (next < to)
      setTimeout(() => {
        this.trickle(response, next, to)
      }, PART_MS)
  }
}

const PARTS = 20
const PART_MS = 120

/** The built app under `root`, with the bundled models and an offer of the shop's. Gives its `out`. */
export function appWithOffer(root: string, shop: ModelShop): string {
  const out = path.join(root, 'out')
  for (const part of ['main', 'preload', 'renderer'])
    cpSync(path.join(ROOT, 'out', part), path.join(out, part), { recursive: true })
  for (const part of ['node_modules', 'demo', 'demo-clean']) symlinkSync(path.join(ROOT, part), path.join(root, part))
  copyFileSync(path.join(ROOT, 'package.json'), path.join(root, 'package.json'))
  const models = path.join(root, 'models')
  mkdirSync(models)
  const catalog = JSON.parse(readFileSync(path.join(ROOT, 'models/catalog.json'), 'utf8')) as {
    readonly models: readonly unknown[]
    offers: unknown[]
  }
  // Every name of a bundled file, wherever in the catalogue it stands.
  const names = JSON.stringify(catalog.models).matchAll(/"file":"([^"]+)"/gu)
  for (const [, name = ''] of names) {
    mkdirSync(path.dirname(path.join(models, name)), { recursive: true })
    symlinkSync(path.join(ROOT, 'models', name), path.join(models, name))
  }
  catalog.offers = [
    ...catalog.offers,
    {
      id: 'harbour',
      name: 'Harbour',
      licence: 'CC0-1.0',
      notes: 'A small network for a test of downloads.',
      fileName: 'harbour.pt',
      bytes: shop.bytes.length,
      sha256: createHash('sha256').update(shop.bytes).digest('hex'),
      mirrors: [{ name: 'localhost', url: shop.url }]
    }
  ]
  writeFileSync(path.join(models, 'catalog.json'), JSON.stringify(catalog))
  return out
}
