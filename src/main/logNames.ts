/** The log and its older files, newest first. */
export const LOG_NAMES = ['main.log', 'main.1.log', 'main.2.log'] as const

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Writes a line to the log; `info` where no level is named. */
export type Log = (line: string, level?: LogLevel) => void
