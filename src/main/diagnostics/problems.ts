import type { ErrorPayload } from '../../shared/errors/appError'
import type { Diagnostics, DoctorProblem } from '../../shared/ipc/diagnosticsViews'

const LOW_DISK_BYTES = 1e9
/** What the light model takes with room to spare. */
const LOW_MEMORY_BYTES = 400e6

/** What is wrong, the worst first. Pure. */
export function problemsOf(
  found: Omit<Diagnostics, 'problems'>,
  ffmpegError: ErrorPayload | null
): readonly DoctorProblem[] {
  const { models, selfTest, ffmpeg, system, errors } = found
  const bad = models.filter(({ state }) => state !== 'right').map(({ file }) => nameOf(file))
  const disks = [system.freeDataDiskBytes, system.freeTemporaryDiskBytes].filter((bytes) => bytes !== null)
  const leastDisk = Math.min(...disks)
  const coded = errors.filter(({ level }) => level === 'error')
  const candidates: readonly (DoctorProblem | false)[] = [
    bad.length > 0 && { id: 'modelDamaged', weight: 'fault', detail: bad.join(', ') },
    !selfTest.ok && { id: 'selfTest', weight: 'fault', detail: detailOf(selfTest.error) },
    ffmpegError !== null && { id: 'ffmpegChosen', weight: 'fault', detail: ffmpegError.code },
    leastDisk < LOW_DISK_BYTES && { id: 'lowDisk', weight: 'fault', detail: megabytes(leastDisk) },
    system.freeMemoryBytes < LOW_MEMORY_BYTES && {
      id: 'lowMemory',
      weight: 'fault',
      detail: megabytes(system.freeMemoryBytes)
    },
    ffmpeg === null && ffmpegError === null && { id: 'ffmpegMissing', weight: 'note', detail: '' },
    coded.length > 0 && { id: 'recentErrors', weight: 'note', detail: String(coded.length) }
  ]
  return candidates.filter((problem) => problem !== false)
}

/** A bundled file's name without its ending: names of model files are taken out of every text. */
function nameOf(file: string): string {
  return file.replace(/\.onnx$/u, '')
}

function detailOf({ code, data }: ErrorPayload): string {
  return data.detail === undefined ? code : `${code}: ${data.detail}`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
