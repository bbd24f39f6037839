import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OutputFolders } from './outputFolders'

let root: string
beforeEach(() => (root = mkdtempSync(path.join(tmpdir(), 'stillwave-folders-'))))
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

describe('OutputFolders', () => {
  it('a folder that was not come to is not lost, one that was there and is gone is', async () => {
    const folders = new OutputFolders()
    const out = path.join(root, 'out')
    expect(await folders.isLost(out)).toBe(false)
    await folders.ensure(path.join(out, 'sub'), out)
    expect(existsSync(path.join(out, 'sub'))).toBe(true)
    expect(await folders.isLost(out)).toBe(false)
    rmSync(out, { recursive: true })
    expect(await folders.isLost(out)).toBe(true)
  })

  it('writes nothing into the bare mount point of a disk that was taken away (R15: it filled the system disk)', async () => {
    let disk = 7n
    const folders = new OutputFolders(() => Promise.resolve(disk))
    await folders.ensure(root, root)
    disk = 1n
    await expect(folders.ensure(root, root)).rejects.toMatchObject({ code: 'E_IO' })
    expect(await folders.isLost(root)).toBe(true)
  })

  it('one that cannot be made is lost: the next file would meet the same', async () => {
    const folders = new OutputFolders()
    writeFileSync(path.join(root, 'file'), '')
    const out = path.join(root, 'file/out')
    await expect(folders.ensure(out, out)).rejects.toThrow()
    expect(await folders.isLost(out)).toBe(true)
  })
})
