import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderWatch, type WatchOptions } from './folderWatch'
import { scanInputs } from './scanInputs'
import type { FolderPlace, Look } from './watchedFolder'

let root = ''
let folder = ''
let abort: AbortController
const told: string[] = []
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'stillwave-watch-'))
  folder = path.join(root, 'in')
  mkdirSync(folder)
  abort = new AbortController()
  told.length = 0
})
afterEach(() => {
  abort.abort()
  rmSync(root, { recursive: true, force: true })
})

const EVERY_MS = 15
const scan = (one: string): ReturnType<typeof scanInputs> => scanInputs([one], { recursive: true, outDir: null })
function watch(more: Partial<WatchOptions> = {}, folders: readonly string[] = [folder]): FolderWatch {
  return new FolderWatch(folders, {
    everyMs: EVERY_MS,
    look: scan,
    onTrouble: (one, trouble) => told.push(`${path.basename(one)} ${trouble}`),
    onBack: (one) => told.push(`${path.basename(one)} back`),
    signal: abort.signal,
    ...more
  })
}
const put = (name: string, text = 'sound'): void => {
  writeFileSync(path.join(folder, name), text)
}
const names = async (watched: FolderWatch): Promise<string[] | undefined> =>
  (await watched.next())?.map((file) => file.relativePath)
/** What is handed out in the time of a few looks; null for nothing. */
async function soon(pending: Promise<string[] | undefined>): Promise<string[] | undefined | null> {
  return Promise.race([pending, sleep(20 * EVERY_MS).then(() => null)])
}

describe('FolderWatch', () => {
  it('hands out what is there and what comes, each once', async () => {
    put('a.wav')
    const one = watch()
    expect(await names(one)).toEqual(['a.wav'])
    const next = names(one)
    expect(await soon(next)).toBeNull()
    put('b.wav')
    expect(await next).toEqual(['b.wav'])
  })

  it('waits while a file grows, is empty, or is dated anew (half a recording was cleaned)', async () => {
    const one = watch()
    put('empty.wav', '')
    put('growing.wav')
    const next = names(one)
    const full = path.join(folder, 'growing.wav')
    for (let n = 0; n < 12; n++) {
      await sleep(EVERY_MS)
      if (n < 6) appendFileSync(full, 'more')
      else utimesSync(full, new Date(), new Date(1e12 + n * 1000))
    }
    const grown = Date.now()
    expect(await next).toEqual(['growing.wav'])
    expect(Date.now() - grown).toBeGreaterThan(EVERY_MS)
  })

  it('hands out a file again that changed after it was done', async () => {
    put('a.wav')
    const one = watch()
    await names(one)
    put('a.wav', 'another sound')
    expect(await names(one)).toEqual(['a.wav'])
  })

  it('outlives its folder, says so once, and takes nothing twice (all was cleaned again when the drive was back)', async () => {
    put('a.wav')
    const one = watch()
    await names(one)
    renameSync(folder, `${folder}-away`)
    const next = names(one)
    expect(await soon(next)).toBeNull()
    expect(told).toEqual(['in gone'])
    renameSync(`${folder}-away`, folder)
    put('b.wav')
    expect(await next).toEqual(['b.wav'])
    expect(told).toEqual(['in gone', 'in back'])
  })

  it('takes a bare mount point for no empty folder (all was cleaned again when the disk was plugged in)', async () => {
    put('a.wav')
    let isMount = true
    let device = 1
    const placeOf = (): Promise<FolderPlace> =>
      Promise.resolve(isMount ? { device: String(device), inode: '2', isMount } : { device: '0', inode: '7', isMount })
    const one = watch({ placeOf })
    expect(await names(one)).toEqual(['a.wav'])
    const next = names(one)
    isMount = false
    renameSync(path.join(folder, 'a.wav'), path.join(root, 'a.wav'))
    expect(await soon(next)).toBeNull()
    expect(told).toEqual(['in unmounted'])
    renameSync(path.join(root, 'a.wav'), path.join(folder, 'a.wav'))
    // Another number than before: the system gives them out as disks come.
    device = 3
    isMount = true
    expect(await soon(next)).toBeNull()
    expect(told).toEqual(['in unmounted', 'in back'])
    put('b.wav')
    expect(await next).toEqual(['b.wav'])
  })

  it('says that a folder cannot be read, and keeps what it knows of it and of those inside (all was cleaned again)', async () => {
    mkdirSync(path.join(folder, 'sub'))
    put('sub/a.wav')
    let refused: string | null = null
    const look = async (of: string): Promise<Look> => {
      const { files } = await scan(of)
      if (refused === null) return { files, skipped: [] }
      return {
        files: files.filter((file) => !file.path.startsWith(refused!)),
        skipped: [{ path: refused, reason: 'unreadable' }]
      }
    }
    const one = watch({ look })
    expect(await names(one)).toEqual([path.join('sub', 'a.wav')])
    const next = names(one)
    for (const unreadable of [folder, null, path.join(folder, 'sub'), null]) {
      refused = unreadable
      expect(await soon(next)).toBeNull()
    }
    expect(told).toEqual(['in unreadable', 'in back'])
  })

  it('goes on with the others while one folder is away (one drive that was unplugged stopped them all)', async () => {
    const other = path.join(root, 'other')
    mkdirSync(other)
    const one = watch({}, [folder, other])
    renameSync(folder, `${folder}-away`)
    writeFileSync(path.join(other, 'b.wav'), 'sound')
    expect(await names(one)).toEqual(['b.wav'])
    expect(told).toEqual(['in gone'])
    renameSync(`${folder}-away`, folder)
    put('a.wav')
    expect(await names(one)).toEqual(['a.wav'])
  })

  it('ends when told to, in the middle of a wait', async () => {
    const one = watch()
    const next = names(one)
    await sleep(2 * EVERY_MS)
    abort.abort()
    expect(await next).toBeUndefined()
  })
})
