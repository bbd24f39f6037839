import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { AppError } from '../../../shared/errors/appError'
import { childCommand } from '../ffmpeg/ffmpegCommand'

const ANSWER_TIMEOUT_MS = 20_000
const MAX_ANSWER_BYTES = 2 ** 20

/** Per program: it is asked once. */
const answers = new Map<string, Promise<ReadonlySet<string>>>()

/** Names of the audio encoders that an ffmpeg has; empty for null. Throws E_NO_FFMPEG where it does not answer. */
export function encodersOf(ffmpegPath: string | null): Promise<ReadonlySet<string>> {
  if (ffmpegPath === null) return Promise.resolve(new Set())
  const known = answers.get(ffmpegPath)
  if (known !== undefined) return known
  const asked = ask(ffmpegPath)
  answers.set(ffmpegPath, asked)
  // A program that did not answer is asked again next time.
  asked.catch(() => answers.delete(ffmpegPath))
  return asked
}

/** The names in what `ffmpeg -encoders` prints: lines like ` A....D libopus   libopus Opus`. Pure. */
export function parseEncoders(said: string): ReadonlySet<string> {
  return new Set([...said.matchAll(/^ A\S{5} (\S+)/gm)].map((match) => match[1]!).filter((name) => name !== '='))
}

function ask(ffmpegPath: string): Promise<ReadonlySet<string>> {
  if (!existsSync(ffmpegPath)) return Promise.reject(new AppError('E_NO_FFMPEG', { path: ffmpegPath }))
  const { file, args, cwd, env } = childCommand(ffmpegPath, ['-hide_banner', '-nostdin', '-encoders'])
  return new Promise((done, fail) => {
    execFile(file, args, { cwd, env, timeout: ANSWER_TIMEOUT_MS, maxBuffer: MAX_ANSWER_BYTES }, (error, stdout) => {
      if (error === null) done(parseEncoders(stdout))
      else fail(new AppError('E_NO_FFMPEG', { path: ffmpegPath, detail: error.message }, error))
    })
  })
}
