import { existsSync } from 'node:fs'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, temporaryFolder } from '../../audio/io/testing/fixtures'
import { ClipCache, sourceKey } from './clipCache'

const root = await temporaryFolder()
let folders = 0

async function cacheWith(files: Readonly<Record<string, number>>): Promise<ClipCache> {
  const folder = join(root, `${++folders}`)
  await mkdir(folder)
  for (const [index, [name, bytes]] of Object.entries(files).entries()) {
    await writeFile(join(folder, name), Buffer.alloc(bytes))
    // The first is the longest unused.
    const used = new Date(Date.now() - 1e6 + index * 1000)
    await utimes(join(folder, name), used, used)
  }
  return new ClipCache(folder)
}

describe('ClipCache', () => {
  it('lets the longest unused go first, and none more than it must (the newest went, or all)', async () => {
    const cache = await cacheWith({ 'a.x': 100, 'b.x': 100, 'c.x': 100 })
    cache.limitBytes = 300
    await cache.newPart(150)
    expect(await readdir(cache.folder)).toEqual(['c.x'])
  })

  it('counts what was found as used, and keeps what is in use whatever the limit (a clip lost its sound)', async () => {
    const cache = await cacheWith({ 'a.x': 100, 'b.x': 100, 'c.x': 100 })
    cache.limitBytes = 120
    const held = await cache.find('a.')
    await cache.newPart(0)
    expect(await readdir(cache.folder)).toEqual(['a.x'])
    cache.release(held!)
    cache.limitBytes = 50
    await cache.newPart(0)
    expect(await readdir(cache.folder)).toEqual([])
  })

  it('sweeps what ended processes left half-written, not what a running one writes', async () => {
    const running = `${process.ppid}-x.part`
    const cache = await cacheWith({ '99999999-x.part': 10, [running]: 10, 'a.x': 10 })
    await cache.newPart(0)
    expect((await readdir(cache.folder)).sort()).toEqual([running, 'a.x'].sort())
  })

  it('is told apart by the bytes behind a path: a file that was written again is another one', async () => {
    const path = join(root, 'again.wav')
    await writeFile(path, 'one')
    const before = await sourceKey(path, null)
    expect(await sourceKey(path, null)).toBe(before)
    await writeFile(path, 'other')
    expect(await sourceKey(path, null)).not.toBe(before)
  })

  it('has a typed error where the folder cannot be made, and nothing to find in none', async () => {
    const file = join(root, 'a file')
    await writeFile(file, '')
    expect(await codeOf(new ClipCache(join(file, 'below')).newPart(0))).toBe('E_IO')
    const none = join(root, 'none')
    expect(await new ClipCache(none).find('a.')).toBeNull()
    expect(existsSync(none)).toBe(false)
  })
})
