import { createHash, randomBytes } from 'node:crypto'
import { unlinkSync } from 'node:fs'
import { open, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { fitName } from './fileNames'

/** `.name.PID-TAGRANDOM.part`: who makes it, on which machine, and eight random digits. */
const PART_NAME = /^\..*\.(\d+)-([0-9a-f]{4})[0-9a-f]{8}\.part$/su

/** Parts on a shared disk may be another machine's, whose processes we cannot see. */
export const ownerTag = createHash('sha256').update(hostname()).digest('hex').slice(0, 4)

/** Parts that this process is writing. */
const ours = new Set<string>()

/** A fresh temporary name in the output's own folder, so that the last step is a rename. */
export function newPartPath(outputPath: string): string {
  const { dir, base } = path.parse(outputPath)
  const part = path.join(dir, fitName(`.${base}`, `.${process.pid}-${ownerTag}${randomBytes(4).toString('hex')}.part`))
  ours.add(part)
  return part
}

/** Removes a part, if it is there. */
export async function removePart(partPath: string): Promise<void> {
  await rm(partPath, { force: true })
  ours.delete(partPath)
}

/** The parts that this process may have on disk now. */
export function livePartPaths(): readonly string[] {
  return [...ours]
}

/** Takes them all away, at the very end of this process: nobody writes any more, and nobody is left to be told. */
export function removeLiveParts(): void {
  for (const partPath of ours) {
    try {
      unlinkSync(partPath)
    } catch {
      // Not begun, or gone already.
    }
  }
}

/** The part has become its output, or is otherwise no more. */
export function forgetPart(partPath: string): void {
  ours.delete(partPath)
}

/**
 * Removes parts that runs of ours left behind: made on this machine, by a process that is no more. Nothing else is
 * touched, folders that cannot be read or changed are left alone. Returns what was removed.
 */
export async function sweepStaleParts(folders: Iterable<string>): Promise<readonly string[]> {
  const removed: string[] = []
  for (const folder of new Set(folders)) {
    for (const name of await readdir(folder).catch(() => [])) {
      const partPath = path.join(folder, name)
      if (!isStale(name) || ours.has(partPath)) continue
      const isGone = await rm(partPath, { force: true }).then(
        () => true,
        () => false // A disk that is read-only now is no reason not to start.
      )
      if (isGone) removed.push(partPath)
    }
  }
  return removed
}

function isStale(name: string): boolean {
  const match = PART_NAME.exec(name)
  return match !== null && isOwnerGone(Number(match[1]), match[2]!)
}

/** Whether what a process of this machine was making is nobody's any more; it must not be in this one's hands. */
export function isOwnerGone(pid: number, tag: string): boolean {
  if (tag !== ownerTag) return false
  // Our own number on a part that is not ours: a container gave it to a run before us.
  return pid === process.pid || !isAlive(pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Throws what the file system says where no file can be made in `folder`. Asking for permissions would not do: root has them all. */
export async function assertWritable(folder: string): Promise<void> {
  const probe = newPartPath(path.join(folder, 'probe'))
  const handle = await open(probe, 'wx')
  await handle.close()
  await removePart(probe)
}
