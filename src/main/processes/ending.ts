import type { Readable } from 'node:stream'
import type { ExitInfo } from './processTransport'

const KEPT_CHARS = 2000
/** How long the rest of stderr may take after the exit; a grandchild that holds the pipe must not hold the news. */
const LAST_WORDS_MS = 100

/** One process's end, told exactly once, with the end of what it wrote to stderr. */
export class Ending {
  private lastWords = ''
  private hasEnded = false
  private listener: ((info: ExitInfo) => void) | null = null

  constructor(private readonly stderr: Readable | null) {
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.note(text)
    })
  }

  /** From the exit event on nothing may be posted, also while the last words still come in. */
  get isOver(): boolean {
    return this.hasEnded
  }

  note(text: string): void {
    this.lastWords = (this.lastWords + text).slice(-KEPT_CHARS)
  }

  onEnd(listener: (info: ExitInfo) => void): void {
    this.listener = listener
  }

  end(code: number | null, signal: string | null): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.afterLastWords(() => {
      this.listener?.({ code, signal, lastWords: this.lastWords.trim() })
    })
  }

  private afterLastWords(tell: () => void): void {
    const { stderr } = this
    if (stderr === null || stderr.readableEnded || stderr.destroyed) {
      setImmediate(tell)
      return
    }
    const once = (): void => {
      clearTimeout(timer)
      stderr.off('end', once).off('close', once)
      tell()
    }
    const timer = setTimeout(once, LAST_WORDS_MS)
    stderr.on('end', once).on('close', once)
  }
}
