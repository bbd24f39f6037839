import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderWatch } from './folderWatch'
import { scanInputs } from './scanInputs'

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
function watch(): FolderWatch {
  const look = async (): ReturnType<typeof scan> => scan()
  return new FolderWatch(look, {
    everyMs: EVERY_MS,
    onLost: () => told.push('lost'),
    onBack: () => told.push('back'),
    signal: abort.signal
  })
}
async function scan(): Promise<Awaited<ReturnType<typeof scanInputs>>['files']> {
  return (await scanInputs([folder], { recursive: true, outDir: null })).files
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
    expect(told).toEqual(['lost'])
    renameSync(`${folder}-away`, folder)
    put('b.wav')
    expect(await next).toEqual(['b.wav'])
    expect(told).toEqual(['lost', 'back'])
  })

  it('ends when told to, in the middle of a wait', async () => {
    const one = watch()
    const next = names(one)
    await sleep(2 * EVERY_MS)
    abort.abort()
    expect(await next).toBeUndefined()
  })
})
