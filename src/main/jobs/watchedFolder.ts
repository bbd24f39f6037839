import type { BigIntStats } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { WatchTrouble } from '../../shared/ipc/views'
import type { SourceIdentity } from '../../shared/jobs/job'
import { breathe } from './breathe'
import { isInside } from './fileNames'
import type { ScannedFile, ScanResult } from './scanInputs'

/** What one look found. */
export type Look = Pick<ScanResult, 'files' | 'skipped'>

/** What a folder is on the disk. */
export interface FolderPlace {
  readonly device: string
  readonly inode: string
  /** A disk of its own begins in it. */
  readonly isMount: boolean
}

export interface WatchedFolderParts {
  readonly look: (folder: string) => Promise<Look>
  /** Told once, until it is another trouble or over. */
  readonly onTrouble: (folder: string, trouble: WatchTrouble) => void
  readonly onBack: (folder: string) => void
  readonly signal: AbortSignal
  readonly placeOf?: (folder: string) => Promise<FolderPlace>
}

interface Seen {
  readonly identity: SourceIdentity
  /** In a row with the same size and time of change. */
  readonly looks: number
  readonly isTaken: boolean
}

/** A file that was the same at so many looks is complete: nobody writes to it any more. */
const STEADY_LOOKS = 3

/** One folder that is watched: what was seen in it, and whether it can be read. What it remembers is what is in the folder now. */
export class WatchedFolder {
  private seen: ReadonlyMap<string, Seen> = new Map()
  private place: FolderPlace | null = null
  private trouble: WatchTrouble | null = null

  constructor(
    readonly folder: string,
    private readonly parts: WatchedFolderParts
  ) {}

  /** Looks once; what became complete since the last look. */
  async completeNow(): Promise<readonly ScannedFile[]> {
    const look = await this.lookOnce()
    if (look === null) return []
    const complete: ScannedFile[] = []
    const now = new Map<string, Seen>()
    for (const [n, file] of look.files.entries()) {
      await breathe(n)
      const seen = await this.seenNow(file)
      if (seen.isTaken && !this.wasTaken(file)) complete.push(file)
      now.set(file.path, seen)
    }
    for (const [full, seen] of await this.outOfSight(look, now)) now.set(full, seen)
    this.seen = now
    return complete
  }

  /** They could not be taken after all: they are handed out again. */
  giveBack(paths: ReadonlySet<string>): void {
    this.seen = new Map(
      [...this.seen].map(([full, seen]) => [full, paths.has(full) ? { ...seen, isTaken: false } : seen])
    )
  }

  private wasTaken({ path: full, identity }: ScannedFile): boolean {
    const before = this.seen.get(full)
    return before !== undefined && before.isTaken && isSameState(before.identity, identity)
  }

  private async seenNow(file: ScannedFile): Promise<Seen> {
    const { identity } = file
    const before = this.seen.get(file.path)
    if (before === undefined || !isSameState(before.identity, identity)) return { identity, looks: 1, isTaken: false }
    const looks = before.looks + 1
    const isComplete = looks >= STEADY_LOOKS && identity.sizeBytes > 0
    return { identity, looks, isTaken: before.isTaken || (isComplete && (await canOpen(file.path))) }
  }

  /** What cannot be seen now and is not known to be gone: in a sub-folder that cannot be read, or on a disk inside that is away. */
  private async outOfSight(
    { files, skipped }: Look,
    now: ReadonlyMap<string, Seen>
  ): Promise<readonly [string, Seen][]> {
    const unreadable = skipped.filter(({ reason }) => reason === 'unreadable' || reason === 'broken link')
    const disks = new Set(files.map(({ identity }) => identity.device))
    const own = this.place?.device
    const kept: [string, Seen][] = []
    for (const [n, entry] of [...this.seen].entries()) {
      await breathe(n)
      const [full, { identity }] = entry
      if (now.has(full)) continue
      const isDiskAway = identity.device !== own && !disks.has(identity.device)
      if (isDiskAway || unreadable.some((one) => one.path === full || isInside(one.path, full))) kept.push(entry)
    }
    return kept
  }

  /** Null where the folder cannot be read: what was seen in it is kept until it can. */
  private async lookOnce(): Promise<Look | null> {
    const { look, signal, onTrouble, onBack } = this.parts
    try {
      const before = await this.troubleNow()
      const found = before === null ? await look(this.folder) : null
      // The disk may have gone in the middle of the look.
      const trouble = before ?? troubleIn(found, this.folder) ?? (await this.troubleNow())
      if (trouble !== this.trouble && trouble !== null) onTrouble(this.folder, trouble)
      if (trouble === null && this.trouble !== null) onBack(this.folder)
      this.trouble = trouble
      return trouble === null ? found : null
    } catch (thrown) {
      if (signal.aborted) return null
      const trouble = troubleOf(thrown)
      if (trouble !== this.trouble) onTrouble(this.folder, trouble)
      this.trouble = trouble
      return null
    }
  }

  /** A bare mount point in the place of a disk is no empty folder. Any other folder in its place is taken for it from now on. */
  private async troubleNow(): Promise<WatchTrouble | null> {
    const place = await (this.parts.placeOf ?? placeOfFolder)(this.folder)
    if (this.place?.isMount === true && !place.isMount && !isSamePlace(this.place, place)) return 'unmounted'
    this.place = place
    return null
  }
}

function troubleIn(look: Look | null, folder: string): WatchTrouble | null {
  const isRefused = look?.skipped.some((one) => one.path === folder && one.reason === 'unreadable') ?? false
  return isRefused ? 'unreadable' : null
}

/** Of what the system says of the folder, or of a look into it. */
function troubleOf(thrown: unknown): WatchTrouble {
  const chain = [thrown, thrown instanceof Error ? thrown.cause : null]
  const codes = chain.map((error) => (error instanceof Error && 'code' in error ? String(error.code) : ''))
  return codes.some((code) => code === 'EACCES' || code === 'EPERM' || code === 'EIO') ? 'unreadable' : 'gone'
}

async function placeOfFolder(folder: string): Promise<FolderPlace> {
  const real = await realpath(folder)
  const [own, above] = await Promise.all([stat(real, { bigint: true }), aboveOf(real)])
  const isMount = above !== null && above.dev !== own.dev
  return { device: String(own.dev), inode: String(own.ino), isMount }
}

function isSamePlace(one: FolderPlace, other: FolderPlace): boolean {
  return one.device === other.device && one.inode === other.inode
}

/** Null where nobody may look: then it is no mount point that could be told. */
async function aboveOf(real: string): Promise<BigIntStats | null> {
  return stat(path.dirname(real), { bigint: true }).catch(() => null)
}

/** A remounted drive may number its files anew: size and time of change tell. */
function isSameState(one: SourceIdentity, other: SourceIdentity): boolean {
  return one.sizeBytes === other.sizeBytes && one.modifiedNs === other.modifiedNs
}

/** Who copies a file on Windows may keep it to himself until it is whole. */
async function canOpen(filePath: string): Promise<boolean> {
  const handle = await open(filePath, 'r').catch(() => null)
  await handle?.close()
  return handle !== null
}
