import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { AppError } from '../../../shared/errors/appError'
import { childCommand } from './ffmpegCommand'

const ANSWER_TIMEOUT_MS = 10_000
const PROGRAM = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg'

/** An ffmpeg that answers. */
export interface FoundFfmpeg {
  /** Absolute. */
  readonly path: string
  /** As it says itself: `7.1.1-1+b1`, `N-112233-g0123456789`. */
  readonly version: string
  readonly origin: FfmpegOrigin
}

/** Who says where an ffmpeg is: the setting, the app that brings it, or the search path. */
export type FfmpegOrigin = 'setting' | 'app' | 'path'

/** {@link locateFfmpeg}, the path only. */
export async function findFfmpeg(setting: string | null, resourceFolders = defaultFolders()): Promise<string | null> {
  return (await locateFfmpeg(setting, resourceFolders))?.path ?? null
}

/**
 * The ffmpeg to use, with its absolute path: the setting, else `resources/ffmpeg/` of the app, else PATH; null where there
 * is none that answers `-version`. Throws E_NO_FFMPEG where a path was set and does not work: nothing else is used
 * instead of what the user chose.
 */
export async function locateFfmpeg(
  setting: string | null,
  resourceFolders = defaultFolders()
): Promise<FoundFfmpeg | null> {
  if (setting !== null) {
    const chosen = resolve(setting)
    const version = await versionOf(chosen)
    if (version !== null) return { path: chosen, version, origin: 'setting' }
    throw new AppError('E_NO_FFMPEG', { path: chosen, detail: 'the ffmpeg that is set does not start' })
  }
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const [n, folder] of [...resourceFolders, ...onPath].entries()) {
    const candidate = resolve(join(folder, PROGRAM))
    const version = existsSync(candidate) ? await versionOf(candidate) : null
    if (version !== null) return { path: candidate, version, origin: n < resourceFolders.length ? 'app' : 'path' }
  }
  return null
}

/** Beside the packaged app (Electron sets `resourcesPath`), and beside the built bundle out/main. */
function defaultFolders(): string[] {
  const packaged = (process as { resourcesPath?: string }).resourcesPath
  // What two bundles share lies in a folder below them.
  const here = import.meta.dirname
  const bundles = basename(here) === 'chunks' ? dirname(here) : here
  const built = join(bundles, '..', '..', 'resources', 'ffmpeg')
  return [...(packaged === undefined ? [] : [join(packaged, 'ffmpeg')]), built]
}

/** What it answers to `-version`; null where it does not. */
function versionOf(program: string): Promise<string | null> {
  const { file, args, cwd, env } = childCommand(program, ['-version'])
  return new Promise((done) => {
    execFile(file, args, { cwd, env, timeout: ANSWER_TIMEOUT_MS, maxBuffer: 2 ** 20 }, (error, stdout) => {
      const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? null
      done(error === null ? version : null)
    })
  })
}
