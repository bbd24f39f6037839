import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'vite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { killChild } from '../../shared/processes/killChild'
import { AppError } from '../../shared/errors/appError'
import { downloadFile } from './download'
import type { DownloadRequest } from './download'

const FILE = randomBytes(400_000)
const SHA = createHash('sha256').update(FILE).digest('hex')
const limits = { stallMs: 300, attempts: 3, backoffMs: 5 }

type Answer = (request: IncomingMessage, response: ServerResponse, turn: number) => void
let folder: string
let target: string
let base: string
let server: http.Server
let seen: IncomingMessage[]
let answer: Answer

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'stillwave-download-'))
  target = path.join(folder, 'model.bin')
  seen = []
  server = http.createServer((request, response) => {
    seen.push(request)
    answer(request, response, seen.length)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const get = (more: Partial<DownloadRequest> = {}): Promise<void> =>
  downloadFile({ urls: [base], bytes: FILE.length, sha256: SHA, targetPath: target, limits, ...more })

const fails = async (run: Promise<void>): Promise<AppError> => {
  const error: unknown = await run.then(
    () => null,
    (thrown: unknown) => thrown
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

const isWhole = async (): Promise<void> => {
  expect((await readFile(target)).equals(FILE)).toBe(true)
  expect(await readdir(folder)).toEqual(['model.bin'])
}

const startOf = (request: IncomingMessage): number =>
  Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? '')?.[1] ?? 0)

/** A good server, whose connection breaks when `upTo` bytes of the file are out. */
function serve(request: IncomingMessage, response: ServerResponse, upTo = FILE.length, file: Buffer = FILE): void {
  const from = startOf(request)
  const range = { 'Content-Range': `bytes ${from}-${file.length - 1}/${file.length}` }
  const length = { 'Content-Length': file.length - from, ETag: '"one"' }
  response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...length, ...range } : length)
  if (upTo >= file.length) response.end(file.subarray(from))
  else response.write(file.subarray(from, Math.max(upTo, from)), () => setTimeout(() => response.destroy(), 20))
}

const flipped = (): Buffer => {
  const copy = Buffer.from(FILE)
  copy[200_000]! ^= 1
  return copy
}

describe('downloadFile, a good server', () => {
  it('catches headers that tell more than the request, and a target that is not byte for byte the file', async () => {
    answer = good
    const told: number[] = []
    await get({ onProgress: (done) => told.push(done) })
    await isWhole()
    expect(Object.keys(seen[0]!.headers).sort()).toEqual(['accept-encoding', 'connection', 'host', 'user-agent'])
    expect(seen[0]!.headers['user-agent']).toBe('Stillwave')
    expect(told.at(-1)).toBe(FILE.length)
    await get()
    expect(seen).toHaveLength(1) // A right file that is there is taken as it is.
  })

  it('catches two downloads that write one part', async () => {
    answer = good
    const first = get()
    expect((await fails(get())).code).toBe('E_DOWNLOAD_FAILED')
    await first
    await isWhole()
  })

  it('catches a damaged target that is believed for its length', async () => {
    answer = good
    await writeFile(target, flipped())
    await get()
    await isWhole()
  })

  it('catches a download that starts without room for it', async () => {
    answer = good
    expect((await fails(get({ bytes: 2 ** 52 }))).code).toBe('E_DISK_FULL')
    expect(seen).toHaveLength(0)
  })
})

describe('downloadFile, broken connections', () => {
  it('catches a part that is fetched again, or joined wrongly, at 10 random places', async () => {
    for (let round = 0; round < 10; round++) {
      await rm(target, { force: true })
      seen = []
      const at = 1 + Math.floor(Math.random() * (FILE.length - 2))
      answer = (request, response, turn) => {
        serve(request, response, turn === 1 ? at : FILE.length)
      }
      const told: number[] = []
      await get({ onProgress: (done) => told.push(done) })
      await isWhole()
      // What the socket still held when it broke is lost with it: the next try begins at most where it broke.
      const resumedAt = startOf(seen[1]!)
      expect(resumedAt, `broken at ${at}`).toBeLessThanOrEqual(at)
      expect(seen[1]!.headers['if-range']).toBe(resumedAt > 0 ? '"one"' : undefined)
      expect(told).toEqual([...told].sort((a, b) => a - b))
    }
  })

  it('tells of the last bytes before a stall (what came within a tenth of a second of the last word was never shown)', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'Content-Length': FILE.length })
      response.write(FILE.subarray(0, 1000))
      setTimeout(() => response.write(FILE.subarray(1000, 200_000)), 20)
    }
    const told: number[] = []
    await fails(get({ onProgress: (done) => told.push(done), limits: { ...limits, attempts: 1 } }))
    expect(told.at(-1)).toBe(200_000)
  })

  it('catches endless tries, and a part that is lost between two downloads or two mirrors', async () => {
    answer = (request, response) => {
      serve(request, response, 150_000)
    }
    const error = await fails(get())
    expect(error.code).toBe('E_DOWNLOAD_FAILED')
    expect(error.data.detail).toContain('127.0.0.1')
    expect(seen.length).toBeLessThanOrEqual(5)
    expect((await stat(`${target}.part`)).size).toBe(150_000)
    seen = []
    answer = good
    await get({ urls: [`${base}/mirror`] })
    expect(startOf(seen[0]!)).toBe(150_000)
    expect(seen[0]!.headers['if-range']).toBeUndefined() // The tag of another source.
    await isWhole()
  })

  it.each<[string, Answer]>([
    ['a stall in the body', (_, response) => void response.writeHead(200).write(FILE.subarray(0, 5000))],
    ['headers that never come', () => undefined],
    [
      'headers that drip',
      (request) => {
        drip(request, 'HTTP/1.1 200 OK\r\nX-Slow: ', 'a')
      }
    ],
    [
      'a body that drips',
      (request) => {
        drip(request, 'HTTP/1.1 200 OK\r\n\r\n', 'a')
      }
    ]
  ])('catches waiting for ever: %s', async (_, stalls) => {
    answer = stalls
    const error = await fails(get({ limits: { ...limits, attempts: 1 } }))
    expect(error.code).toBe('E_DOWNLOAD_FAILED')
    expect(error.data.detail).toContain('0.3 s')
  })

  it('catches a cancel that is slow, or that throws the part away', async () => {
    answer = (_, response) => void response.writeHead(200, { ETag: '"one"' }).write(FILE.subarray(0, 123_456))
    const controller = new AbortController()
    const run = fails(get({ signal: controller.signal, limits: {} }))
    while (((await stat(`${target}.part`).catch(() => null))?.size ?? 0) < 123_456) await sleep(5)
    const before = performance.now()
    controller.abort()
    expect((await run).code).toBe('E_CANCELLED')
    expect(performance.now() - before).toBeLessThan(100)
    answer = good
    await get()
    expect(startOf(seen[1]!)).toBe(123_456)
    await isWhole()
  })

  it('catches a part that a killed process left unusable', async () => {
    const entry = path.join(import.meta.dirname, 'download.ts')
    const lib = { entry, formats: ['es' as const], fileName: () => 'download.mjs' }
    const out = path.join(folder, 'built')
    const rolldownOptions = { external: /^node:/u }
    await build({
      configFile: false,
      logLevel: 'error',
      build: { lib, outDir: out, target: 'node20', rolldownOptions }
    })
    answer = (_, response) => void response.writeHead(200).write(FILE.subarray(0, 222_222))
    const request = JSON.stringify({ urls: [base], bytes: FILE.length, sha256: SHA, targetPath: target })
    const code = `import { downloadFile } from './download.mjs'\nawait downloadFile(${request})`
    await writeFile(path.join(out, 'child.mjs'), code)
    const child = spawn(process.execPath, [path.join(out, 'child.mjs')], { stdio: 'inherit' })
    while (((await stat(`${target}.part`).catch(() => null))?.size ?? 0) < 222_222) await sleep(5)
    expect((await fails(get())).data.detail).toContain(String(child.pid)) // Two programs, one part.
    killChild(child)
    await once(child, 'exit')
    expect(existsSync(target)).toBe(false)
    answer = good
    await get()
    expect(startOf(seen.at(-1)!)).toBe(222_222)
    await rm(out, { recursive: true })
    await isWhole()
  })
})

describe('downloadFile, resuming at a server that does not', () => {
  const resumes = async (second: Answer): Promise<void> => {
    answer = (request, response) => {
      serve(request, response, 100_000)
    }
    await fails(get({ limits: { ...limits, attempts: 1 } }))
    // What the socket still held when it broke may be lost with it.
    const kept = (await stat(`${target}.part`)).size
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThanOrEqual(100_000)
    answer = second
    await get()
    await isWhole()
  }

  it('catches a whole file appended to a part (Range ignored)', () =>
    resumes((_, response) => void response.writeHead(200).end(FILE)))

  it('catches a 206 of another place that is believed', () =>
    resumes((request, response) => {
      if (startOf(request) === 0) serve(request, response)
      else response.writeHead(206, { 'Content-Range': `bytes 0-399999/400000` }).end(FILE.subarray(startOf(request)))
    }))

  it('catches another file joined to the part (tag changed)', () =>
    resumes((request, response) => {
      const from = startOf(request)
      const range = { 'Content-Range': `bytes ${from}-399999/400000`, ETag: '"two"' }
      if (from === 0) serve(request, response)
      else response.writeHead(206, range).end(randomBytes(FILE.length - from))
    }))

  it('catches a part with a wrong byte that spoils a good source', async () => {
    answer = (request, response) => {
      serve(request, response, 300_000, flipped())
    }
    await fails(get({ limits: { ...limits, attempts: 1 } }))
    answer = good
    await get()
    await isWhole()
  })

  it('catches a part that is longer than the file, and a side file that is not JSON', async () => {
    answer = good
    await writeFile(`${target}.part`, '')
    await truncate(`${target}.part`, FILE.length + 1)
    await writeFile(`${target}.part.json`, '{')
    await get()
    await isWhole()
  })
})

describe('downloadFile, servers that lie', () => {
  const mismatch = 'E_DOWNLOAD_MISMATCH'
  const failed = 'E_DOWNLOAD_FAILED'
  it.each<[string, string, Answer]>([
    [
      'a flipped byte',
      mismatch,
      (request, response) => {
        serve(request, response, undefined, flipped())
      }
    ],
    [
      'more bytes than the file has',
      mismatch,
      (_, response) => void response.writeHead(200).end(Buffer.alloc(900_000))
    ],
    ['a longer length', failed, (_, response) => void response.writeHead(200, { 'Content-Length': 400_001 }).end(FILE)],
    ['a shorter length', failed, (_, response) => void response.writeHead(200, { 'Content-Length': 5 }).end('12345')],
    ['a page', failed, (_, response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>')],
    ['packing', failed, (_, response) => void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(FILE)],
    ['a redirect loop', failed, (_, response) => void response.writeHead(302, { Location: '/again' }).end()],
    ['file:', failed, (_, response) => void response.writeHead(302, { Location: 'file:///etc/passwd' }).end()],
    ['http', failed, (_, response) => void response.writeHead(302, { Location: 'http://localhost:1/' }).end()],
    ['404', failed, (_, response) => void response.writeHead(404).end()]
  ])('catches a target or a part made of: %s', async (_, code, lies) => {
    answer = lies
    const error = await fails(get())
    expect([error.code, error.data.detail]).toEqual([code, expect.stringContaining('127.0.0.1')])
    expect(seen.length).toBeLessThanOrEqual(6)
    expect(existsSync(target)).toBe(false)
    if (code === mismatch) expect(await readdir(folder)).toEqual([])
    else expect((await stat(`${target}.part`)).size).toBe(0)
    answer = good
    await get()
    await isWhole()
  })

  it.each([500, 503])('catches giving up at a %i that passes', async (status) => {
    answer = (request, response, turn) => {
      if (turn < 3) response.writeHead(status).end()
      else serve(request, response)
    }
    await get()
    await isWhole()
  })

  it('catches a bad first mirror that ends the download', async () => {
    answer = (request, response) => {
      if (request.url === '/gone') response.writeHead(404).end()
      else serve(request, response, undefined, request.url === '/bad' ? flipped() : FILE)
    }
    await get({ urls: [`${base}/gone`, `${base}/bad`, `${base}/good`] })
    await isWhole()
  })
})

/** Writes raw bytes, then one at a time. */
function drip(request: IncomingMessage, first: string, more: string): void {
  const { socket } = request
  socket.write(first)
  const timer = setInterval(() => socket.write(more), 20)
  socket.on('close', () => {
    clearInterval(timer)
  })
  socket.on('error', () => undefined)
}

function good(request: IncomingMessage, response: ServerResponse): void {
  serve(request, response)
}
