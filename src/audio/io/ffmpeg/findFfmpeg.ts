import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { AppError } from '../../../shared/errors/appError'
import { childCommand } from './ffmpegCommand'

const ANSWER_TIMEOUT_MS = 10_000
const PROGRAM = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg'

/**
 * The ffmpeg to use, as an absolute path: the setting, else `resources/ffmpeg/` of the app, else PATH; null where there
 * is none that answers `-version`. Throws E_NO_FFMPEG where a path was set and does not work: nothing else is used
 * instead of what the user chose.
 */
export async function findFfmpeg(setting: string | null, resourceFolders = defaultFolders()): Promise<string | null> {
  if (setting !== null) {
    const chosen = resolve(setting)
    if (await answers(chosen)) return chosen
    throw new AppError('E_NO_FFMPEG', { path: chosen, detail: 'the ffmpeg that is set does not start' })
  }
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const folder of [...resourceFolders, ...onPath]) {
    const candidate = resolve(join(folder, PROGRAM))
    if (existsSync(candidate) && (await answers(candidate))) return candidate
  }
  return null
}

/** Beside the packaged app (Electron sets `resourcesPath`), and beside the built bundle out/main. */
function defaultFolders(): string[] {
  const packaged = (process as { resourcesPath?: string }).resourcesPath
  const built = join(import.meta.dirname, '..', '..', 'resources', 'ffmpeg')
  return [...(packaged === undefined ? [] : [join(packaged, 'ffmpeg')]), built]
}

function answers(program: string): Promise<boolean> {
  const { file, args, cwd, env } = childCommand(program, ['-version'])
  return new Promise((done) => {
    execFile(file, args, { cwd, env, timeout: ANSWER_TIMEOUT_MS, maxBuffer: 2 ** 20 }, (error, stdout) => {
      done(error === null && stdout.startsWith('ffmpeg version'))
    })
  })
}
