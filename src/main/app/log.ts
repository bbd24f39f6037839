import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'

export const LOG_NAME = 'main.log'
const OLDER_NAMES = ['main.1.log', 'main.2.log'] as const
const MAX_BYTES = 1_000_000
const MAX_LINE_CHARS = 4000

/** One line for the log: the home folder as `~`, a stack on one line, no control characters, never without end. */
export function logLine(text: string, home: string, at: Date): string {
  const shortened = home === '' ? text : text.split(home).join('~')
  const oneLine = shortened
    .replaceAll(/\r?\n\s*/gu, ' | ')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, MAX_LINE_CHARS)
  return `${at.toISOString()} ${oneLine}\n`
}

/** The log file: this one and two older ones, a megabyte each. A log that cannot be written is told once and stops nothing. */
export class LogFile {
  private readonly filePath: string
  private sizeBytes = 0
  private broken = false

  constructor(
    private readonly folder: string,
    private readonly home: string,
    private readonly maxBytes = MAX_BYTES
  ) {
    this.filePath = path.join(folder, LOG_NAME)
    this.attempt(() => {
      mkdirSync(folder, { recursive: true })
      this.sizeBytes = statSync(this.filePath, { throwIfNoEntry: false })?.size ?? 0
    })
  }

  write(text: string): void {
    const line = logLine(text, this.home, new Date())
    const lineBytes = Buffer.byteLength(line)
    this.attempt(() => {
      if (this.sizeBytes + lineBytes > this.maxBytes) this.rotate()
      appendFileSync(this.filePath, line)
      this.sizeBytes += lineBytes
    })
  }

  private rotate(): void {
    const names = [LOG_NAME, ...OLDER_NAMES]
    for (let index = names.length - 1; index > 0; index--) {
      const from = path.join(this.folder, names[index - 1]!)
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, path.join(this.folder, names[index]!))
    }
    this.sizeBytes = 0
  }

  private attempt(work: () => void): void {
    try {
      work()
    } catch (thrown) {
      if (!this.broken) console.error('The log cannot be written:', thrown)
      this.broken = true
    }
  }
}
