import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, toAppError } from '../../shared/errors/appError'
import { DownloadPart, removePart } from './downloadPart'
import type { WantedFile } from './downloadPart'
import { SourceFailure, bodyOf, hostOf, openSource } from './downloadRequest'

/** Patience of a download; tests shorten it. */
export interface DownloadLimits {
  /** Longest wait for an answer, and for the next KiB of it. */
  readonly stallMs: number
  /** Tries in a row at one source that bring nothing worth mentioning. */
  readonly attempts: number
  /** Wait before the second try; doubled for each further one, to 30 s at most. */
  readonly backoffMs: number
  readonly maxRedirects: number
}

/** A file that is known by its length and hash, and the addresses that have it, best first. */
export interface DownloadRequest extends WantedFile {
  readonly urls: readonly string[]
  readonly signal?: AbortSignal
  /** At most ten times a second. Goes back only where the bytes so far had to be thrown away. */
  readonly onProgress?: (doneBytes: number) => void
  readonly limits?: Partial<DownloadLimits>
}

const LIMITS: DownloadLimits = { stallMs: 30_000, attempts: 4, backoffMs: 1000, maxRedirects: 5 }
const LONGEST_BACKOFF_MS = 30_000
const PROGRESS_MS = 100
/** A try that brings this share of the file is worth another: it bounds the tries without giving up on a poor line. */
const WORTHWHILE_SHARE = 0.02

const active = new Set<string>()

/** The bytes of a source are not the file. */
class WrongBytes extends Error {}

/**
 * Downloads a file, or takes the right one that is there. The target appears whole and verified or not at all; what a broken or
 * cancelled download got stays as `TARGET.part` and is taken up by the next. A second download to the same target is refused.
 * Throws E_DOWNLOAD_FAILED (no source delivered), E_DOWNLOAD_MISMATCH (wrong bytes; the part is gone), E_DISK_FULL, E_READ_ONLY,
 * E_IO, E_CANCELLED.
 */
export async function downloadFile(request: DownloadRequest): Promise<void> {
  const targetPath = path.resolve(request.targetPath)
  if (active.has(targetPath)) {
    throw new AppError('E_DOWNLOAD_FAILED', { path: targetPath, detail: 'it is being downloaded already' })
  }
  active.add(targetPath)
  try {
    await new Download({ ...request, targetPath, sha256: request.sha256.toLowerCase() }).run()
  } catch (thrown) {
    const isCancelled = request.signal?.aborted === true
    const error = isCancelled ? new AppError('E_CANCELLED', { path: targetPath }) : toAppError(thrown)
    throw error.data.path === undefined ? new AppError(error.code, { ...error.data, path: targetPath }, thrown) : error
  } finally {
    active.delete(targetPath)
  }
}

class Download {
  private readonly limits: DownloadLimits
  private readonly signal: AbortSignal
  private reportedAtMs = -Infinity
  /** Tells of bytes that came too soon after the last word: what stalls would else be shown as less than it is. */
  private lateReport: NodeJS.Timeout | null = null

  constructor(private readonly request: DownloadRequest) {
    this.limits = { ...LIMITS, ...request.limits }
    this.signal = request.signal ?? new AbortController().signal
  }

  async run(): Promise<void> {
    this.signal.throwIfAborted()
    const { targetPath, bytes } = this.request
    try {
      if (await isThere(this.request, this.signal)) await removePart(targetPath)
      else await this.fetchPart()
    } finally {
      this.dropLateReport()
    }
    this.request.onProgress?.(bytes)
  }

  private async fetchPart(): Promise<void> {
    const part = await DownloadPart.open(this.request, this.signal)
    const failures: (SourceFailure | WrongBytes)[] = []
    try {
      for (const url of this.request.urls) {
        const failure = await this.fromSource(part, url)
        if (failure === null) {
          await part.finish()
          return
        }
        failures.push(failure)
      }
    } catch (thrown) {
      await part.keep().catch(() => undefined) // The first error is the one to tell.
      throw thrown
    }
    const isWrong = failures.some((failure) => failure instanceof WrongBytes)
    await (isWrong && part.doneBytes === 0 ? part.remove() : part.keep())
    const detail = failures.map(({ message }) => message).join('; ')
    throw new AppError(isWrong ? 'E_DOWNLOAD_MISMATCH' : 'E_DOWNLOAD_FAILED', { detail })
  }

  /** All tries at one source: null when the part is the file, else why this source is given up. */
  private async fromSource(part: DownloadPart, url: string): Promise<SourceFailure | WrongBytes | null> {
    let best = part.doneBytes
    for (let fruitless = 0; ; fruitless++) {
      if (fruitless > 0) await this.pause(fruitless)
      const failure = await this.attempt(part, url)
      if (failure === null) return null
      const mayRetry = failure instanceof SourceFailure && failure.canRetry
      if (!mayRetry) return failure
      if (part.doneBytes - best >= this.request.bytes * WORTHWHILE_SHARE) {
        best = part.doneBytes
        fruitless = 0
      }
      if (fruitless + 1 >= this.limits.attempts) return failure
    }
  }

  private async attempt(part: DownloadPart, url: string): Promise<SourceFailure | WrongBytes | null> {
    try {
      if (part.doneBytes < this.request.bytes) await this.transfer(part, url)
      if (part.isRight()) return null
      const isMixed = part.isMixed
      await part.startOver()
      // Bytes of several sources: which one was wrong shows only in a whole download from this one.
      return isMixed ? await this.attempt(part, url) : new WrongBytes(`${hostOf(url)}: the file has another SHA-256`)
    } catch (thrown) {
      this.signal.throwIfAborted()
      if (thrown instanceof SourceFailure || thrown instanceof WrongBytes) return thrown
      throw thrown
    }
  }

  private async transfer(part: DownloadPart, url: string): Promise<void> {
    const response = await this.answer(part, url)
    const host = hostOf(url)
    await part.begin(url, response.headers.etag)
    this.report(part.doneBytes)
    for await (const chunk of bodyOf(response, host, this.limits.stallMs)) {
      this.signal.throwIfAborted()
      if (!(await part.append(chunk))) {
        await part.startOver()
        throw new WrongBytes(`${host}: sends more than ${this.request.bytes} bytes`)
      }
      this.report(part.doneBytes)
    }
    if (part.doneBytes < this.request.bytes) {
      throw new SourceFailure(`${host}: ended after ${part.doneBytes} of ${this.request.bytes} bytes`, true)
    }
  }

  /** An answer whose body goes on where the part ends; the part is emptied where the source does not go on with it. */
  private async answer(part: DownloadPart, url: string): Promise<IncomingMessage> {
    const from = part.doneBytes
    const etag = part.etagOf(url)
    const range: Record<string, string> = from === 0 ? {} : { Range: `bytes=${from}-` }
    const headers = from > 0 && etag !== null ? { ...range, 'If-Range': etag } : range
    const response = await openSource(url, { ...this.limits, headers, signal: this.signal })
    response.on('error', () => undefined) // Also where the body is never read: an unheard error would end the process.
    try {
      const isSame = etag === null || response.headers.etag === undefined || response.headers.etag === etag
      if (from > 0 && isSame && continues(response, from, this.request.bytes)) return response
      if (from > 0 && (response.statusCode === 206 || response.statusCode === 416)) {
        response.destroy()
        await part.startOver()
        return await this.answer(part, url)
      }
      checkWhole(response, hostOf(url), this.request.bytes)
      if (from > 0) await part.startOver()
      return response
    } catch (thrown) {
      response.destroy()
      throw thrown
    }
  }

  private report(doneBytes: number): void {
    this.dropLateReport()
    const nowMs = performance.now()
    const waitMs = this.reportedAtMs + PROGRESS_MS - nowMs
    if (waitMs > 0) {
      this.lateReport = setTimeout(() => {
        this.report(doneBytes)
      }, waitMs)
      return
    }
    this.reportedAtMs = nowMs
    this.request.onProgress?.(doneBytes)
  }

  private dropLateReport(): void {
    if (this.lateReport !== null) clearTimeout(this.lateReport)
    this.lateReport = null
  }

  private async pause(fruitless: number): Promise<void> {
    const waitMs = Math.min(this.limits.backoffMs * 2 ** (fruitless - 1), LONGEST_BACKOFF_MS)
    await sleep(waitMs, undefined, { signal: this.signal })
  }
}

function continues({ statusCode, headers }: IncomingMessage, from: number, bytes: number): boolean {
  const isPlain = (headers['content-encoding'] ?? 'identity') === 'identity'
  return statusCode === 206 && isPlain && headers['content-range'] === `bytes ${from}-${bytes - 1}/${bytes}`
}

/** Throws SourceFailure for an answer that cannot be the whole file: the part is not thrown away for an error page. */
function checkWhole({ statusCode = 0, headers }: IncomingMessage, host: string, bytes: number): void {
  const isBusy = statusCode >= 500 || statusCode === 408 || statusCode === 429
  if (statusCode !== 200) throw new SourceFailure(`${host}: answered ${statusCode}`, isBusy)
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw new SourceFailure(`${host}: sends it packed as ${encoding}`, false)
  if (/^text\/html/iu.test(headers['content-type'] ?? ''))
    throw new SourceFailure(`${host}: answered a web page`, false)
  const length = headers['content-length']
  if (length !== undefined && Number(length) !== bytes) {
    throw new SourceFailure(`${host}: offers ${length} bytes, not ${bytes}`, false)
  }
}

async function isThere({ targetPath, bytes, sha256 }: WantedFile, signal: AbortSignal): Promise<boolean> {
  const there = await stat(targetPath).catch(() => null)
  if (!there?.isFile() || there.size !== bytes) return false
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(targetPath) as AsyncIterable<Buffer>) {
    signal.throwIfAborted()
    hash.update(chunk)
  }
  return hash.digest('hex') === sha256
}
