import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { lstat, mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { AppError } from '../../shared/errors/appError'

/** The file that is wanted, and where. */
export interface WantedFile {
  readonly bytes: number
  readonly sha256: string
  readonly targetPath: string
}

const Side = z.object({
  sha256: z.string(),
  bytes: z.number(),
  /** The last source's tag, for If-Range; a tag means nothing to another source. */
  etag: z.object({ url: z.string(), value: z.string() }).nullable(),
  /** The process that writes now: two programs must not write one part. */
  pid: z.number().nullable()
})
type Side = z.infer<typeof Side>

/** A live download touches its part at least this often; an older one's process id belongs to somebody else by now. */
const OWNER_SILENCE_MS = 120_000

/** `TARGET.part` and its side file: at most `bytes` long, with the hash of what is in it. Throws file system errors. */
export class DownloadPart {
  private hash = createHash('sha256')
  private length = 0
  private sources = new Set<string>()

  private constructor(
    private readonly wanted: WantedFile,
    private readonly handle: FileHandle,
    private side: Side
  ) {}

  /** Takes up what an earlier download of the same file left (read again for its hash), or starts an empty part. */
  static async open(wanted: WantedFile, signal: AbortSignal): Promise<DownloadPart> {
    const { targetPath, sha256, bytes } = wanted
    await mkdir(path.dirname(targetPath), { recursive: true })
    const partPath = `${targetPath}.part`
    const old = await readSide(`${partPath}.json`)
    const found = await lstat(partPath).catch(() => null)
    await refuseOwned(old, `${partPath}.json`, found?.mtimeMs ?? 0)
    const fits = old?.sha256 === sha256 && old.bytes === bytes && found?.isFile() === true && found.size <= bytes
    await refuseFull(targetPath, bytes - (fits ? found.size : 0))
    if (!fits) await rm(partPath, { recursive: true, force: true })
    const handle = await open(partPath, constants.O_RDWR | constants.O_CREAT, 0o644)
    const part = new DownloadPart(wanted, handle, { sha256, bytes, etag: fits ? old.etag : null, pid: process.pid })
    try {
      if (fits) await part.readKept(signal)
      await part.writeSide()
      return part
    } catch (thrown) {
      await handle.close()
      throw thrown
    }
  }

  get doneBytes(): number {
    return this.length
  }

  /** Whether more than one source, or an earlier download, gave these bytes: a wrong hash is then nobody's fault yet. */
  get isMixed(): boolean {
    return this.sources.size > 1
  }

  etagOf(url: string): string | null {
    return this.side.etag?.url === url ? this.side.etag.value : null
  }

  /** Notes who gives the next bytes. Only a strong tag says that the bytes are the same. */
  async begin(url: string, etag: string | undefined): Promise<void> {
    this.sources.add(url)
    const value = etag !== undefined && !etag.startsWith('W/') ? etag : null
    this.side = { ...this.side, etag: value === null ? null : { url, value } }
    await this.writeSide()
  }

  /** Adds bytes; false (and nothing written) where they would make it longer than the file may be. */
  async append(chunk: Buffer): Promise<boolean> {
    if (this.length + chunk.length > this.wanted.bytes) return false
    for (let from = 0; from < chunk.length;) {
      const { bytesWritten } = await this.handle.write(chunk, from, chunk.length - from, this.length + from)
      from += bytesWritten
    }
    this.hash.update(chunk)
    this.length += chunk.length
    return true
  }

  async startOver(): Promise<void> {
    await this.handle.truncate(0)
    this.hash = createHash('sha256')
    this.length = 0
    this.sources = new Set()
    this.side = { ...this.side, etag: null }
  }

  isRight(): boolean {
    return this.length === this.wanted.bytes && this.hash.copy().digest('hex') === this.wanted.sha256
  }

  /** Onto the disk, then under its name, in one step. */
  async finish(): Promise<void> {
    await this.handle.sync()
    await this.handle.close()
    await rename(`${this.wanted.targetPath}.part`, this.wanted.targetPath)
    await rm(`${this.wanted.targetPath}.part.json`, { force: true })
  }

  /** Keeps it for the next time. */
  async keep(): Promise<void> {
    this.side = { ...this.side, pid: null }
    await this.writeSide()
    await this.handle.close()
  }

  async remove(): Promise<void> {
    await this.handle.close()
    await removePart(this.wanted.targetPath)
  }

  private async readKept(signal: AbortSignal): Promise<void> {
    for await (const chunk of createReadStream(`${this.wanted.targetPath}.part`) as AsyncIterable<Buffer>) {
      if (signal.aborted) throw new AppError('E_CANCELLED', { path: this.wanted.targetPath })
      this.hash.update(chunk)
      this.length += chunk.length
    }
    if (this.length > 0) this.sources.add('kept')
  }

  private async writeSide(): Promise<void> {
    const sidePath = `${this.wanted.targetPath}.part.json`
    await writeFile(`${sidePath}.new`, JSON.stringify(this.side))
    await rename(`${sidePath}.new`, sidePath)
  }
}

/** How much of a wanted file an earlier download left for the next one to go on with, in bytes. Changes nothing. */
export async function keptBytes({ targetPath, sha256, bytes }: WantedFile): Promise<number> {
  const whole = await lstat(targetPath).catch(() => null)
  if (whole?.isFile() && whole.size === bytes) return bytes
  const side = await readSide(`${targetPath}.part.json`)
  if (side?.sha256 !== sha256 || side.bytes !== bytes) return 0
  const part = await lstat(`${targetPath}.part`).catch(() => null)
  return part?.isFile() && part.size <= bytes ? part.size : 0
}

export async function removePart(targetPath: string): Promise<void> {
  for (const end of ['.part', '.part.json', '.part.json.new']) await rm(`${targetPath}${end}`, { force: true })
}

/** A side file that cannot be understood is as none: the part is then begun anew. */
async function readSide(sidePath: string): Promise<Side | null> {
  const text = await readFile(sidePath, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return Side.parse(JSON.parse(text))
  } catch {
    return null
  }
}

async function refuseOwned(side: Side | null, sidePath: string, partTouchedMs: number): Promise<void> {
  if (side?.pid == null || side.pid === process.pid || !isAlive(side.pid)) return
  const sideTouchedMs = (await stat(sidePath)).mtimeMs
  if (Date.now() - Math.max(sideTouchedMs, partTouchedMs) > OWNER_SILENCE_MS) return
  throw new AppError('E_DOWNLOAD_FAILED', { path: sidePath, detail: `process ${side.pid} is downloading it already` })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}

async function refuseFull(targetPath: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path.dirname(targetPath))
  if (bavail * bsize >= neededBytes) return
  const detail = `${neededBytes} bytes are needed, ${bavail * bsize} are free`
  throw new AppError('E_DISK_FULL', { path: targetPath, detail })
}
