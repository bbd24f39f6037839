import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { AppError, toAppError, type ErrorPayload } from '../../shared/errors/appError'
import { isInside } from '../jobs/fileNames'
import type { OutlookDisk } from '../../shared/ipc/outlookViews'

interface Place {
  readonly device: number
  /** The folder itself, or the first one above it that is there. */
  readonly folder: string
}

/** The disks under the folders of results, each folder looked at once. Nothing is made. */
export class OutlookDisks {
  private readonly places = new Map<string, Promise<Place>>()
  private readonly disks = new Map<number, OutlookDisk>()

  get views(): readonly OutlookDisk[] {
    return [...this.disks.values()]
  }

  /** Why nothing can be written into this folder, or a folder made for it; null where it can. */
  async errorOf(folder: string): Promise<ErrorPayload | null> {
    try {
      await this.placeOf(folder)
      return null
    } catch (thrown) {
      return toAppError(thrown).toPayload()
    }
  }

  /** One result more. Throws as `errorOf` tells. */
  async add(folder: string, { bytes, passing }: { readonly bytes: number; readonly passing: number }): Promise<void> {
    const place = await this.placeOf(folder)
    const known = this.disks.get(place.device) ?? (await emptyDisk(place.folder))
    this.disks.set(place.device, {
      ...known,
      path: commonFolder(known.path, place.folder),
      files: known.files + 1,
      bytes: known.bytes + bytes,
      passingBytes: Math.max(known.passingBytes, Math.round(passing))
    })
  }

  private placeOf(folder: string): Promise<Place> {
    const known = this.places.get(folder) ?? this.find(folder)
    known.catch(() => undefined) // Who asks hears of it.
    this.places.set(folder, known)
    return known
  }

  private async find(folder: string): Promise<Place> {
    const stats = await stat(folder).catch((error: unknown) => {
      const errno = error instanceof Error && 'code' in error ? error.code : ''
      if (errno === 'ENOENT' && path.dirname(folder) !== folder) return null
      throw error
    })
    if (stats === null) return this.placeOf(path.dirname(folder))
    if (!stats.isDirectory()) throw new AppError('E_IO', { path: folder, detail: `${folder} is not a folder` })
    await access(folder, constants.W_OK | constants.X_OK)
    return { device: stats.dev, folder }
  }
}

function commonFolder(a: string, b: string): string {
  let folder = a
  while (folder !== b && !isInside(folder, b) && folder !== path.dirname(folder)) folder = path.dirname(folder)
  return folder
}

async function emptyDisk(folder: string): Promise<OutlookDisk> {
  const facts = await statfs(folder).catch(() => null) // Some network disks do not tell.
  const freeBytes = facts === null ? null : facts.bavail * facts.bsize
  return { path: folder, files: 0, bytes: 0, passingBytes: 0, freeBytes }
}
