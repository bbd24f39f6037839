/**
 * Error and warning codes that cross process boundaries (RELIABILITY rules: stable code, plain sentence, next step).
 * The words for each code live in `src/shared/i18n/en.json` under `errors` and `warnings`.
 */
export const ERROR_CODES = [
  'E_EMPTY',
  'E_NO_AUDIO',
  'E_NO_TRACK',
  'E_UNSUPPORTED',
  'E_CORRUPT',
  'E_TRUNCATED',
  'E_TOO_SHORT',
  'E_TOO_LONG',
  'E_TIMEOUT',
  'E_MEMORY',
  'E_GPU_OOM',
  'E_GPU_LOST',
  'E_BUDGET',
  'E_DISK_FULL',
  'E_READ_ONLY',
  'E_IO',
  'E_SOURCE_CHANGED',
  'E_SAME_FILE',
  'E_ENGINE_CRASH',
  'E_MEDIA_CRASH',
  'E_CLIP_CLOSED',
  'E_CANCELLED',
  'E_NO_FFMPEG',
  'E_MODEL_MISSING',
  'E_MODEL_DAMAGED',
  'E_MODEL_UNSUPPORTED',
  'E_MODEL_UNSAFE',
  'E_MODEL_OUTPUT',
  'E_MODEL_EXISTS',
  'E_MODEL_IN_USE',
  'E_MODEL_BUNDLED',
  'E_WORKSHOP_CRASH',
  'E_DEVICE_UNAVAILABLE',
  'E_DOWNLOAD_FAILED',
  'E_DOWNLOAD_MISMATCH',
  'E_BAD_REQUEST',
  'E_INSTALLATION',
  'E_INTERNAL'
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export const WARNING_CODES = [
  'W_TRUNCATED',
  'W_CLIPPED',
  'W_QUIETER',
  'W_FORMAT_CHANGED',
  'W_DEVICE_FALLBACK',
  'W_PRECISION_FALLBACK',
  'W_MEMORY',
  'W_TAGS_LOST',
  'W_STREAMS_LOST',
  'W_TRACK_CODEC',
  'W_ONE_TRACK',
  'W_OTHER_TRACKS'
] as const

export type WarningCode = (typeof WARNING_CODES)[number]

/** What crosses a boundary: a code, and values for the code's sentence (for example `{path, detail}`). */
export interface ErrorPayload {
  readonly code: ErrorCode
  readonly data: Readonly<Record<string, string | number>>
}

/** An error with a code. Thrown inside a process; at its boundary it becomes an {@link ErrorPayload}. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly data: Readonly<Record<string, string | number>>

  constructor(code: ErrorCode, data: Readonly<Record<string, string | number>> = {}, cause?: unknown) {
    super(`${code}${data.detail === undefined ? '' : `: ${data.detail}`}`, { cause })
    this.name = 'AppError'
    this.code = code
    this.data = data
  }

  toPayload(): ErrorPayload {
    return { code: this.code, data: this.data }
  }
}

/** Errors of the file system by `errno` code; anything else unknown is a bug and says so (`E_INTERNAL`). */
const FS_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'E_DISK_FULL',
  EDQUOT: 'E_DISK_FULL',
  EFBIG: 'E_DISK_FULL',
  EROFS: 'E_READ_ONLY',
  EACCES: 'E_READ_ONLY',
  EPERM: 'E_READ_ONLY',
  ENOENT: 'E_IO',
  EIO: 'E_IO',
  ENXIO: 'E_IO',
  ENODEV: 'E_IO',
  EMFILE: 'E_IO',
  ENFILE: 'E_IO',
  ENOTDIR: 'E_IO',
  EISDIR: 'E_IO',
  ENAMETOOLONG: 'E_IO',
  EXDEV: 'E_IO',
  ESTALE: 'E_IO',
  EBUSY: 'E_IO'
}

/** Whether it says that an installed model is not what it was. Pure. */
export function isModelTrouble({ code }: ErrorPayload): boolean {
  return code === 'E_MODEL_DAMAGED' || code === 'E_MODEL_MISSING'
}

/** Turns anything thrown into an {@link AppError}; `AppError`s pass unchanged. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const detail = thrown instanceof Error ? thrown.message : String(thrown)
  const errno = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return new AppError(FS_CODES[errno] ?? 'E_INTERNAL', { detail }, thrown)
}
