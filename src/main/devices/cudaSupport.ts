import { existsSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import type { CudaSupportView, DeviceTaskView } from '../../shared/ipc/deviceViews'
import { downloadFile, type DownloadLimits } from '../models/download'
import { openSource } from '../models/downloadRequest'
import type { WorkshopHost } from '../processes/workshopHost'
import { CUDA_OFFERS, offerFor, type CudaOffer, type VerifiablePart } from './cudaCatalog'
import type { OrtPackage } from './ortPackage'

export interface CudaSupportOptions {
  readonly dataFolder: string
  readonly workshop: WorkshopHost
  readonly ort: OrtPackage
  readonly system?: string
  readonly offers?: readonly CudaOffer[]
  readonly limits?: Partial<DownloadLimits>
}

export interface GetCudaOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Omit<DeviceTaskView, 'kind'>) => void
}

/** What one archive may unpack to; the largest is cuDNN's with 1.1 GB. */
const MAX_UNPACKED_BYTES = 3_000_000_000
/** An archive whose length nobody wrote down may not be longer. */
const MAX_UNKNOWN_BYTES = 1_000_000_000
const STALL_MS = 30_000
const CORE = 'libonnxruntime.so.1'
/** Written last: a folder without it is not whole. */
const MARK = 'installed'

/** The folder of the libraries for one version of ONNX Runtime. */
export function cudaFolder(dataFolder: string, { version }: OrtPackage): string {
  return path.join(dataFolder, 'runtimes', `cuda-${version}`)
}

/**
 * The environment in which processes find CUDA's libraries; empty where they are not installed. ONNX Runtime looks for its providers
 * beside the very file that it was loaded as, so the folder holds a link to the package's own library, and the loader takes that
 * one: LD_LIBRARY_PATH goes before the folder that is written into the Node binding. No other program gets this variable.
 */
export function cudaEnvironment(dataFolder: string, ort: OrtPackage): NodeJS.ProcessEnv {
  const folder = cudaFolder(dataFolder, ort)
  if (!existsSync(path.join(folder, MARK))) return {}
  const [link, core] = [path.join(folder, CORE), path.join(ort.binFolder, CORE)]
  if (targetOf(link) !== core) {
    // The program moved since.
    rmSync(link, { force: true })
    symlinkSync(core, link)
  }
  const others = process.env.LD_LIBRARY_PATH
  return { LD_LIBRARY_PATH: others ? `${folder}${path.delimiter}${others}` : folder }
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link)
  } catch {
    return null // Not there, or no link: it is made anew.
  }
}

/** CUDA's provider libraries in the user's data folder: what there is, and getting them. */
export class CudaSupport {
  private readonly offer: ReturnType<typeof offerFor>

  constructor(private readonly options: CudaSupportOptions) {
    const { ort, offers = CUDA_OFFERS, system = `${process.platform}/${process.arch}` } = options
    this.offer = offerFor(offers, ort.version, system)
  }

  get isInstalled(): boolean {
    return existsSync(path.join(this.folder, MARK))
  }

  get view(): CudaSupportView {
    const parts = this.offer?.parts ?? []
    const known = parts.every(({ bytes }) => bytes !== null)
    return {
      state: this.isInstalled ? 'installed' : this.offer ? 'absent' : 'notOffered',
      bytes: this.offer && known ? parts.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) : null,
      licence: this.offer?.licence ?? ''
    }
  }

  /**
   * Downloads what is missing and unpacks it; what a cancelled one got is taken up by the next. The folder appears whole or not at
   * all. Throws `E_DEVICE_UNAVAILABLE` where nothing is offered, and what {@link downloadFile} and the workshop throw.
   */
  async get({ signal, onProgress }: GetCudaOptions = {}): Promise<void> {
    if (this.isInstalled) return
    const { offer } = this
    if (offer === null) {
      const detail = 'there are no CUDA libraries of known hash for this system and version'
      throw new AppError('E_DEVICE_UNAVAILABLE', { device: 'cuda', detail })
    }
    const downloads = path.join(this.options.dataFolder, 'downloads', `cuda-${this.options.ort.version}`)
    const made = `${this.folder}.new`
    await rm(made, { recursive: true, force: true })
    await mkdir(made, { recursive: true })
    try {
      for (const part of offer.parts) {
        const archivePath = path.join(downloads, part.fileName)
        await this.fetch(part, archivePath, { ...(signal && { signal }), ...(onProgress && { onProgress }) })
        onProgress?.({ phase: 'unpack', subject: part.fileName, fraction: null })
        const names = part.names && [...part.names]
        const request = { archivePath, format: part.format, outFolder: made, names, maxBytes: MAX_UNPACKED_BYTES }
        await this.options.workshop.unpack(request, signal ? { signal } : {})
      }
      await symlink(path.join(this.options.ort.binFolder, CORE), path.join(made, CORE))
      await writeFile(path.join(made, MARK), `${this.options.ort.version}\n`)
      await rm(this.folder, { recursive: true, force: true })
      await rename(made, this.folder)
    } finally {
      await rm(made, { recursive: true, force: true })
    }
    await rm(downloads, { recursive: true, force: true })
    await this.sweepOlder()
  }

  private get folder(): string {
    return cudaFolder(this.options.dataFolder, this.options.ort)
  }

  private async fetch(
    { url, bytes: known, sha256, fileName }: VerifiablePart,
    targetPath: string,
    { signal, onProgress }: GetCudaOptions
  ): Promise<void> {
    const bytes = known ?? (await lengthOf(url, signal))
    const limits = this.options.limits ? { limits: this.options.limits } : {}
    const report = (done: number): void => {
      onProgress?.({ phase: 'download', subject: fileName, fraction: done / bytes })
    }
    await downloadFile({
      urls: [url],
      bytes,
      sha256,
      targetPath,
      onProgress: report,
      ...limits,
      ...(signal && { signal })
    })
  }

  /** Libraries of releases before. */
  private async sweepOlder(): Promise<void> {
    const parent = path.dirname(this.folder)
    for (const name of await readdir(parent)) {
      const isOlder = name.startsWith('cuda-') && path.join(parent, name) !== this.folder
      if (isOlder) await rm(path.join(parent, name), { recursive: true, force: true })
    }
  }
}

/** What the server says; the hash decides whether it was true. Throws `E_DOWNLOAD_FAILED`, `E_CANCELLED`. */
async function lengthOf(url: string, signal: AbortSignal | undefined): Promise<number> {
  const stop = signal ?? new AbortController().signal
  try {
    const response = await openSource(url, { headers: {}, stallMs: STALL_MS, maxRedirects: 5, signal: stop })
    response.on('error', () => undefined)
    const length = Number(response.headers['content-length'])
    const { statusCode } = response
    response.destroy()
    if (statusCode === 200 && Number.isSafeInteger(length) && length > 0 && length <= MAX_UNKNOWN_BYTES) return length
    throw new Error(`answered ${statusCode} and a length of ${String(length)}`)
  } catch (thrown) {
    if (stop.aborted) throw new AppError('E_CANCELLED')
    const detail = thrown instanceof Error ? thrown.message : String(thrown)
    throw new AppError('E_DOWNLOAD_FAILED', { path: url, detail }, thrown)
  }
}
