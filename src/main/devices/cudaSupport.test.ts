import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { workshopForkTransport } from '../processes/forkTransport'
import { WorkshopHost } from '../processes/workshopHost'
import { CUDA_OFFERS, type CudaOffer } from './cudaCatalog'
import { cudaEnvironment, cudaFolder, CudaSupport } from './cudaSupport'

const CUDA = 'libonnxruntime_providers_cuda.so'
const SHARED = 'libonnxruntime_providers_shared.so'

let root: string
let server: Server
let archive: Buffer
const ort = { version: '9.9.9', binFolder: '/package/bin' }

/** A made-up archive with what belongs into it and what does not: a link, a name of another folder, a header. */
function makeArchive(): Buffer {
  const lib = path.join(root, 'made', 'onnxruntime-1', 'lib')
  mkdirSync(lib, { recursive: true })
  writeFileSync(path.join(lib, CUDA), 'cuda'.repeat(5000))
  writeFileSync(path.join(lib, SHARED), 'shared')
  writeFileSync(path.join(lib, 'libonnxruntime.so.1'), 'a core of its own')
  symlinkSync('/etc/passwd', path.join(lib, 'libevil.so'))
  const out = path.join(root, 'made.tgz')
  execFileSync('tar', ['-czf', out, '-C', path.join(root, 'made'), 'onnxruntime-1'])
  return readFileSync(out)
}

function offerOf(change: Partial<CudaOffer['parts'][number]> = {}): CudaOffer {
  const { port } = server.address() as AddressInfo
  const part = {
    fileName: 'ort.tgz',
    url: `http://127.0.0.1:${port}/ort.tgz`,
    bytes: null,
    sha256: createHash('sha256').update(archive).digest('hex'),
    format: 'tgz',
    names: [CUDA, SHARED],
    ...change
  } as const
  return { ortVersion: '9.9.9', system: 'linux/x64', licence: 'MIT', parts: [part] }
}

function supportOf(offer: CudaOffer): CudaSupport {
  const workshop = new WorkshopHost(() => workshopForkTransport(path.resolve('out/main/workshop.js')))
  return new CudaSupport({ dataFolder: root, workshop, ort, system: 'linux/x64', offers: [offer] })
}

beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'stillwave-cuda-'))
  archive = makeArchive()
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': archive.length })
    response.end(archive)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(() => {
  server.close()
  rmSync(root, { recursive: true, force: true })
})

describe('CUDA support', () => {
  test('arrives whole, with the two providers and a link to the package; processes find it there', async () => {
    const support = supportOf(offerOf())
    expect(support.view).toEqual({ state: 'absent', bytes: null, licence: 'MIT' })
    expect(cudaEnvironment(root, ort)).toEqual({})
    await support.get()
    const folder = cudaFolder(root, ort)
    expect(readdirSync(folder).sort()).toEqual(['installed', 'libonnxruntime.so.1', CUDA, SHARED])
    expect(readlinkSync(path.join(folder, 'libonnxruntime.so.1'))).toBe('/package/bin/libonnxruntime.so.1')
    expect(readFileSync(path.join(folder, CUDA), 'utf8')).toBe('cuda'.repeat(5000))
    expect(support.view.state).toBe('installed')
    expect(cudaEnvironment(root, ort).LD_LIBRARY_PATH?.split(':')[0]).toBe(folder)
    // The program moved.
    cudaEnvironment(root, { ...ort, binFolder: '/elsewhere' })
    expect(readlinkSync(path.join(folder, 'libonnxruntime.so.1'))).toBe('/elsewhere/libonnxruntime.so.1')
  })

  test('of other bytes is refused, and nothing of it stays to be loaded', async () => {
    const support = supportOf(offerOf({ sha256: 'a'.repeat(64) }))
    await expect(support.get()).rejects.toMatchObject({ code: 'E_DOWNLOAD_MISMATCH' })
    expect(support.isInstalled).toBe(false)
    expect(readdirSync(path.join(root, 'runtimes'))).toEqual([])
  })

  test('that lacks a library is refused as a whole', async () => {
    const support = supportOf(offerOf({ names: [CUDA, 'libmissing.so'] }))
    await expect(support.get()).rejects.toMatchObject({ code: 'E_DOWNLOAD_MISMATCH' })
    expect(readdirSync(path.join(root, 'runtimes'))).toEqual([])
  })

  test('without a known hash is not offered, and never fetched', async () => {
    const support = supportOf(offerOf({ sha256: null }))
    expect(support.view.state).toBe('notOffered')
    await expect(support.get()).rejects.toMatchObject({ code: 'E_DEVICE_UNAVAILABLE' })
  })

  test('in the catalogue is for the very ONNX Runtime of the package, from https, with a hash for each file', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>
    }
    for (const { ortVersion, parts } of CUDA_OFFERS) {
      expect(ortVersion).toBe(dependencies['onnxruntime-node'])
      expect(new Set(parts.map(({ fileName }) => fileName)).size).toBe(parts.length)
      for (const { url, sha256 } of parts) {
        expect(url).toMatch(/^https:\/\//u)
        expect(sha256).toMatch(/^[0-9a-f]{64}$/u)
      }
    }
  })
})
