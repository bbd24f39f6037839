import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeSync
} from 'node:fs'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'

interface Message {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly data: unknown
}

/**
 * One instance for a user's data: the holder's pid in a file, and a folder where later starts leave their arguments. Null
 * where another one has it; that one has been told then. (Electron does the same with a socket and a link.)
 */
export function takeLock(
  userData: string,
  data: object,
  onSecond: (argv: readonly string[], cwd: string, data: unknown) => void
): (() => void) | null {
  mkdirSync(userData, { recursive: true })
  const lock = join(userData, 'HostLock')
  const letters = join(userData, 'HostLetters')
  if (!claim(lock)) {
    const message: Message = { argv: process.argv, cwd: process.cwd(), data }
    const name = join(letters, randomUUID())
    writeFileSync(`${name}.new`, JSON.stringify(message))
    renameSync(`${name}.new`, `${name}.json`)
    return null
  }
  rmSync(letters, { recursive: true, force: true })
  mkdirSync(letters)
  const watcher = watch(letters, () => {
    for (const name of readdirSync(letters).filter((file) => file.endsWith('.json'))) {
      const { argv, cwd, data: theirs } = JSON.parse(readFileSync(join(letters, name), 'utf8')) as Message
      rmSync(join(letters, name))
      onSecond(argv, cwd, theirs)
    }
  })
  watcher.unref()
  return () => {
    watcher.close()
    rmSync(letters, { recursive: true, force: true })
    rmSync(lock, { force: true })
  }
}

/** A dead holder's claim is nobody's: its pid is free, or another program's by now. */
function claim(lock: string): boolean {
  for (;;) {
    try {
      const file = openSync(lock, 'wx')
      writeSync(file, identityOf(process.pid))
      closeSync(file)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const holder = readFileSync(lock, 'utf8')
      if (holder !== '' && identityOf(Number(holder.split(' ')[0])) === holder) return false
      rmSync(lock, { force: true })
    }
  }
}

/** The pid, and on Linux the moment that its process began; empty where there is none. */
function identityOf(pid: number): string {
  try {
    process.kill(pid, 0)
    if (process.platform !== 'linux') return String(pid)
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    // A zombie holds nothing any more.
    return fields[0] === 'Z' ? '' : `${pid} ${fields[19] ?? ''}`
  } catch {
    return ''
  }
}
