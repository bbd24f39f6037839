import type { Writable } from 'node:stream'
import { cutToWidth } from './words'

export interface Terminal extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

const CLEAR_LINE = '\r\u001b[2K'

/** The terminal: lines that stay, and on a real terminal one line that is redrawn under them. */
export class Screen {
  private status = ''

  constructor(
    private readonly out: Terminal,
    private readonly err: Terminal,
    private readonly quiet: boolean
  ) {
    // A reader that goes away (`| head`) ends the talk, not the work.
    for (const stream of [out, err]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error
      })
    }
  }

  /** Whether there is a line to redraw. */
  get live(): boolean {
    return this.out.isTTY === true && !this.quiet
  }

  line(text: string): void {
    if (this.quiet) return
    this.write(this.out, `${text}\n`)
  }

  error(text: string): void {
    this.write(this.err, `${text}\n`)
  }

  /** The redrawn line; nothing where there is no terminal. */
  setStatus(text: string): void {
    if (!this.live) return
    this.status = cutToWidth(text, (this.out.columns ?? 80) - 1)
    this.out.write(CLEAR_LINE + this.status)
  }

  clearStatus(): void {
    if (this.status !== '') this.out.write(CLEAR_LINE)
    this.status = ''
  }

  private write(stream: Terminal, text: string): void {
    const { status } = this
    this.clearStatus()
    stream.write(text)
    if (status !== '') this.setStatus(status)
  }
}
