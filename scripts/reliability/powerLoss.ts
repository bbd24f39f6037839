import path from 'node:path'
import type { DiskCall } from './diskOrder'

/** What a file holds: how much was written, and how much of that is surely on the disk. */
interface Inode {
  writes: number
  synced: number
  /** All that is written to it in this life: less is not whole. */
  total: number
}

/** A change of names that a power loss may undo, with all that came after it. */
type NameChange =
  | { readonly kind: 'set'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'gone'; readonly path: string }

export interface PowerLoss {
  /** Disks that a loss of power could have left: one for each moment and each number of names that had got there. */
  readonly states: number
  /** Final names in front of files that are not whole. */
  readonly torn: readonly string[]
  /** Files that were told done and are not there. */
  readonly lost: readonly string[]
}

export interface PowerLossPlan {
  /** Whether a name promises a whole file. */
  readonly isFinal: (file: string) => boolean
  /** The files that a write tells to be done. */
  readonly toldBy: (call: Extract<DiskCall, { kind: 'write' }>) => readonly string[]
}

/**
 * Plays a program's calls back and cuts the power after each. The disk keeps what was synced; of the names that were changed since
 * their folder was synced it keeps the first few, any number, as a journal does; of content that was not synced, nothing.
 */
export function powerLosses(calls: readonly DiskCall[], { isFinal, toldBy }: PowerLossPlan): PowerLoss {
  const disk = new Disk(calls)
  const told = new Set<string>()
  let states = 0
  const [torn, lost] = [new Set<string>(), new Set<string>()]
  for (const [at, call] of calls.entries()) {
    disk.apply(call)
    if (call.kind === 'write') for (const file of toldBy(call)) told.add(file)
    for (const names of disk.afterPowerLoss()) {
      states++
      for (const [file, inode] of names)
        if (isFinal(file) && inode.synced < inode.total) torn.add(`${file} after call ${at}`)
      for (const file of told) if (!names.has(file) || !disk.isReachable(file)) lost.add(`${file} after call ${at}`)
    }
  }
  return { states, torn: [...torn], lost: [...lost] }
}

class Disk {
  private readonly now = new Map<string, Inode>()
  private readonly kept = new Map<string, Inode>()
  private pending: NameChange[] = []
  /** Folders that were made and whose name is not on the disk yet. */
  private readonly newFolders = new Set<string>()
  private readonly totals: readonly Inode[]
  private made = 0

  constructor(calls: readonly DiskCall[]) {
    this.totals = inodesOf(calls)
  }

  apply(call: DiskCall): void {
    switch (call.kind) {
      case 'create':
        // One that was there is opened, not made.
        if (!this.now.has(call.path)) this.name(call.path, this.totals[this.made++]!)
        return
      case 'write': {
        const inode = this.now.get(call.path)
        if (inode) inode.writes++
        return
      }
      case 'sync':
        this.sync(call.path)
        return
      case 'rename':
      case 'link': {
        const inode = this.now.get(call.from)
        if (inode) this.name(call.to, inode)
        if (inode && call.kind === 'rename') this.remove(call.from)
        return
      }
      case 'unlink':
        if (this.now.has(call.path)) this.remove(call.path)
        return
      case 'mkdir':
        this.newFolders.add(call.path)
    }
  }

  /** The names that may be there: what was synced, and more and more of what came after. */
  *afterPowerLoss(): Generator<ReadonlyMap<string, Inode>> {
    const names = new Map(this.kept)
    yield names
    for (const change of this.pending) {
      if (change.kind === 'set') names.set(change.path, change.inode)
      else names.delete(change.path)
      yield names
    }
  }

  isReachable(file: string): boolean {
    return [...this.newFolders].every((folder) => path.relative(folder, file).startsWith('..'))
  }

  private name(file: string, inode: Inode): void {
    this.now.set(file, inode)
    this.pending.push({ kind: 'set', path: file, inode })
  }

  private remove(file: string): void {
    this.now.delete(file)
    this.pending.push({ kind: 'gone', path: file })
  }

  /** Of a file its content; of a folder the names in it. */
  private sync(target: string): void {
    const inode = this.now.get(target)
    if (inode) inode.synced = inode.writes
    if (inode) return
    const isIn = (file: string): boolean => path.dirname(file) === target
    for (const change of this.pending.filter(({ path: file }) => isIn(file))) {
      if (change.kind === 'set') this.kept.set(change.path, change.inode)
      else this.kept.delete(change.path)
    }
    this.pending = this.pending.filter(({ path: file }) => !isIn(file))
    for (const folder of this.newFolders) if (isIn(folder)) this.newFolders.delete(folder)
  }
}

/** The files that are made, in order, with all that is ever written to each. */
function inodesOf(calls: readonly DiskCall[]): readonly Inode[] {
  const inodes: Inode[] = []
  const now = new Map<string, Inode>()
  for (const call of calls) {
    if (call.kind === 'create' && !now.has(call.path)) {
      inodes.push({ writes: 0, synced: 0, total: 0 })
      now.set(call.path, inodes.at(-1)!)
    }
    if (call.kind === 'write' && now.has(call.path)) now.get(call.path)!.total++
    if (call.kind === 'rename' || call.kind === 'link') {
      const inode = now.get(call.from)
      if (inode) now.set(call.to, inode)
    }
    if (call.kind === 'rename') now.delete(call.from)
    if (call.kind === 'unlink') now.delete(call.path)
  }
  return inodes
}
