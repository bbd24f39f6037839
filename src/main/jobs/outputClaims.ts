import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { pathKey } from './fileNames'
import type { ScannedFile } from './scanInputs'

/**
 * Which output paths are given away, and which paths are inputs. Two names are the same here when any common file system
 * would think so (letter case, Unicode form), and a path is an input when it leads to one by any spelling: link, hard
 * link, `..` (RELIABILITY S29, S30).
 */
export class OutputClaims {
  private readonly taken = new Set<string>()

  private constructor(
    private readonly inputKeys: ReadonlySet<string>,
    private readonly inputIds: ReadonlySet<string>
  ) {}

  static async of(files: readonly ScannedFile[]): Promise<OutputClaims> {
    const folders = new Map<string, string>()
    const keys = new Set<string>()
    for (const file of files) {
      const folder = path.dirname(file.path)
      const real = folders.get(folder) ?? (await realpath(folder).catch(() => folder)) // Gone: its files fail later, by name.
      folders.set(folder, real)
      keys.add(pathKey(file.path)).add(pathKey(path.join(real, path.basename(file.path))))
    }
    return new OutputClaims(keys, new Set(files.map(({ identity }) => `${identity.device}:${identity.inode}`)))
  }

  async isInput(target: string): Promise<boolean> {
    if (this.inputKeys.has(pathKey(target))) return true
    const stats = await stat(target, { bigint: true }).catch(() => null) // Not there: not an input.
    return stats !== null && this.inputIds.has(`${stats.dev}:${stats.ino}`)
  }

  isTaken(target: string): boolean {
    return this.taken.has(pathKey(target))
  }

  take(target: string): void {
    this.taken.add(pathKey(target))
  }

  /** Takes `target` for its caller unless it is given away or an input. */
  async tryTake(target: string): Promise<boolean> {
    if (this.isTaken(target) || (await this.isInput(target)) || this.isTaken(target)) return false
    this.take(target)
    return true
  }
}
