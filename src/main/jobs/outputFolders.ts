import { stat } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import { ensureFolder, ensureFolderInside } from './folders'
import { assertWritable } from './partFiles'

/** The chosen output folders of one run, and the disks that they lie on. */
export class OutputFolders {
  private readonly disks = new Map<string, bigint | null>()

  constructor(private readonly diskOf: (folder: string) => Promise<bigint> = diskOfFolder) {}

  /**
   * Makes `folder` for an output and the chosen folder above it (null where outputs lie beside their sources). Throws `E_IO`
   * where the chosen one is on another disk than before: its own was taken away, and what is there now is a bare mount point.
   */
  async ensure(folder: string, chosen: string | null): Promise<void> {
    if (chosen !== null) await this.ensureChosen(chosen)
    await ensureFolderInside(folder, chosen)
  }

  /** Whether the next output would meet the same; one that this run has not come to yet is not lost. */
  async isLost(chosen: string): Promise<boolean> {
    const before = this.disks.get(chosen)
    if (before === undefined) return false
    try {
      if (before !== null && (await this.diskOf(chosen)) !== before) return true
      await assertWritable(chosen)
      return false
    } catch {
      return true // Why is told already: this is asked after a failure.
    }
  }

  private async ensureChosen(chosen: string): Promise<void> {
    const before = this.disks.get(chosen) ?? null
    this.disks.set(chosen, before)
    await ensureFolder(chosen)
    const now = await this.diskOf(chosen)
    if (before !== null && now !== before) {
      throw new AppError('E_IO', { path: chosen, detail: `the disk of ${chosen} is gone` })
    }
    this.disks.set(chosen, now)
  }
}

async function diskOfFolder(folder: string): Promise<bigint> {
  return (await stat(folder, { bigint: true })).dev
}
