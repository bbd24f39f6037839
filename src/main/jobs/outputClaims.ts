import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { SourceIdentity } from '../../shared/jobs/job'
import { breathe } from './breathe'
import { pathKey } from './fileNames'

/** An input as the claims know it: by path and by what lies there. */
export interface ClaimedInput {
  readonly path: string
  readonly identity: Pick<SourceIdentity, 'device' | 'inode'>
}

/**
 * Which output paths are given away, and which paths are inputs. Two names are the same here when any common file system
 * would think so (letter case, Unicode form), and a path is an input when it leads to one by any spelling: link, hard
 * link, `..` (RELIABILITY S29, S30). One path belongs to one owner (a job) until that releases it.
 */
export class OutputClaims {
  private readonly owners = new Map<string, string>()
  private readonly inputKeys = new Counts()
  private readonly inputIds = new Counts()
  private readonly realFolders = new Map<string, string>()

  static async of(files: readonly ClaimedInput[]): Promise<OutputClaims> {
    const claims = new OutputClaims()
    await claims.addInputs(files)
    return claims
  }

  async addInputs(files: readonly ClaimedInput[]): Promise<void> {
    for (const [n, file] of files.entries()) {
      await breathe(n)
      await this.learnFolder(path.dirname(file.path))
      for (const key of this.keysOf(file.path)) this.inputKeys.add(key)
      this.inputIds.add(idOf(file.identity))
    }
  }

  /** Each once for every time that it was added. */
  removeInputs(files: readonly ClaimedInput[]): void {
    for (const file of files) {
      for (const key of this.keysOf(file.path)) this.inputKeys.remove(key)
      this.inputIds.remove(idOf(file.identity))
    }
  }

  async isInput(target: string): Promise<boolean> {
    if (this.isInputName(target)) return true
    const stats = await stat(target, { bigint: true }).catch(() => null) // Not there: not an input.
    return stats !== null && this.inputIds.has(`${stats.dev}:${stats.ino}`)
  }

  /** By its name alone: enough where nothing of that name is on the disk. */
  isInputName(target: string): boolean {
    return this.inputKeys.has(pathKey(target))
  }

  isTaken(target: string, owner?: string): boolean {
    const held = this.owners.get(pathKey(target))
    return held !== undefined && held !== owner
  }

  take(target: string, owner = ''): void {
    this.owners.set(pathKey(target), owner)
  }

  /** Takes `target` for its caller unless it is given away to another or an input. */
  async tryTake(target: string, owner = ''): Promise<boolean> {
    if (this.isTaken(target, owner) || (await this.isInput(target)) || this.isTaken(target, owner)) return false
    this.take(target, owner)
    return true
  }

  /** Gives a path back, if it is still its owner's. */
  release(target: string, owner: string): void {
    const key = pathKey(target)
    if (this.owners.get(key) === owner) this.owners.delete(key)
  }

  private async learnFolder(folder: string): Promise<void> {
    if (this.realFolders.has(folder)) return
    this.realFolders.set(folder, await realpath(folder).catch(() => folder)) // Gone: its files fail later, by name.
  }

  private keysOf(file: string): ReadonlySet<string> {
    const folder = path.dirname(file)
    const real = path.join(this.realFolders.get(folder) ?? folder, path.basename(file))
    return new Set([pathKey(file), pathKey(real)])
  }
}

/** A set whose members stay as often as they were added. */
class Counts {
  private readonly counts = new Map<string, number>()

  has(key: string): boolean {
    return this.counts.has(key)
  }

  add(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1)
  }

  remove(key: string): void {
    const left = (this.counts.get(key) ?? 0) - 1
    if (left > 0) this.counts.set(key, left)
    else this.counts.delete(key)
  }
}

function idOf({ device, inode }: ClaimedInput['identity']): string {
  return `${device}:${inode}`
}
