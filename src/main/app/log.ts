import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { LOG_LEVELS, LOG_NAMES, type LogLevel } from '../logNames'

export const LOG_NAME = LOG_NAMES[0]
const MAX_BYTES = 1_000_000
const MAX_LINE_CHARS = 4000

/** One line for the log, with its moment and level: the home folder as `~`, a stack on one line, no control characters, never without end. */
export function logLine(text: string, home: string, at: Date, level: LogLevel = 'info'): string {
  const shortened = home === '' ? text : text.split(home).join('~')
  const oneLine = shortened
    .replaceAll(/\r?\n\s*/gu, ' | ')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, MAX_LINE_CHARS)
  return `${at.toISOString()} ${level} ${oneLine}\n`
}

/** The log file: this one and two older ones, a megabyte each. A log that cannot be written is told once and stops nothing. */
export class LogFile {
  private readonly filePath: string
  private sizeBytes = 0
  private broken = false

  constructor(
    private readonly folder: string,
    private readonly home: string,
    private readonly options: { readonly maxBytes?: number; readonly least?: LogLevel } = {}
  ) {
    this.filePath = path.join(folder, LOG_NAME)
    this.attempt(() => {
      mkdirSync(folder, { recursive: true })
      this.sizeBytes = statSync(this.filePath, { throwIfNoEntry: false })?.size ?? 0
    })
  }

  /** Lines below the least level (`info`; `STILLWAVE_LOG=debug` takes all) are left out. */
  write(text: string, level: LogLevel = 'info'): void {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.options.least ?? 'info')) return
    const line = logLine(text, this.home, new Date(), level)
    const lineBytes = Buffer.byteLength(line)
    this.attempt(() => {
      if (this.sizeBytes + lineBytes > (this.options.maxBytes ?? MAX_BYTES)) this.rotate()
      appendFileSync(this.filePath, line)
      this.sizeBytes += lineBytes
    })
  }

  private rotate(): void {
    const names = LOG_NAMES
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

/** The level that the environment asks for (`STILLWAVE_LOG`); `info` where it names none. */
export function leastLevel(env: NodeJS.ProcessEnv): LogLevel {
  return LOG_LEVELS.find((level) => level === env.STILLWAVE_LOG) ?? 'info'
}
