import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import type { WatchView } from '../../shared/ipc/views'
import type { ScannedFile } from '../jobs/scanInputs'
import { Watcher } from './watcher'

// A folder that is there as well.
const IN = import.meta.dirname
// Files that are there for everybody: a complete one is opened before it is taken.
const file = (name: string, sizeBytes = 10): ScannedFile => ({
  path: import.meta.filename,
  root: IN,
  relativePath: name,
  explicit: false,
  identity: { device: '1', inode: name, sizeBytes, modifiedNs: String(sizeBytes) }
})

const watchers: Watcher[] = []
afterEach(async () => {
  for (const watcher of watchers.splice(0)) await watcher.close()
})

interface Bench {
  folder: string | null
  files: readonly ScannedFile[] | null
  readonly taken: string[]
  readonly views: (WatchView | null)[]
  readonly watcher: Watcher
}

function bench(take: () => number = () => 1): Bench {
  const taken: string[] = []
  const views: (WatchView | null)[] = []
  const state: { folder: string | null; files: readonly ScannedFile[] | null } = { folder: null, files: [] }
  const watcher = new Watcher({
    folder: () => state.folder,
    look: async () => {
      if (state.files === null) throw new AppError('E_IO', { path: IN })
      return { files: state.files, skipped: [] }
    },
    take: async (folder, files) => {
      taken.push(...files.map(({ relativePath }) => `${folder}/${relativePath}`))
      return take()
    },
    onView: (view) => views.push(view),
    log: () => undefined,
    everyMs: 5
  })
  watchers.push(watcher)
  return Object.assign(state, { taken, views, watcher })
}

const soon = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 60_000 })

describe('Watcher', { timeout: 70_000 }, () => {
  it('watches what the settings name, and nothing once they name none (a folder nobody asked to watch any more)', async () => {
    const one = bench()
    one.files = [file('a.wav')]
    one.watcher.update()
    await sleep(40)
    expect([one.taken, one.views]).toEqual([[], []])
    one.folder = IN
    one.watcher.update()
    await soon(() => {
      expect(one.watcher.view).toEqual({ folder: IN, taken: 1, trouble: null })
    })
    one.folder = null
    one.watcher.update()
    one.files = [file('a.wav'), file('b.wav', 11)]
    await sleep(60)
    expect(one.taken).toEqual([`${IN}/a.wav`])
    expect(one.watcher.view).toBeNull()
  })

  it('counts what went into the list only (files that it has already)', async () => {
    const one = bench(() => 0)
    one.files = [file('a.wav')]
    one.folder = IN
    one.watcher.update()
    await soon(() => {
      expect(one.taken).toHaveLength(1)
    })
    expect(one.watcher.view).toMatchObject({ taken: 0 })
  })

  it('says that the folder is gone until it is back, and tries again what could not be taken (a file that never came)', async () => {
    let failed = false
    const one = bench(() => {
      if (failed) return 1
      failed = true
      throw new AppError('E_IO', { path: IN })
    })
    one.folder = IN
    one.files = null
    one.watcher.update()
    await soon(() => {
      expect(one.watcher.view).toMatchObject({ trouble: 'gone' })
    })
    one.files = [file('a.wav')]
    await soon(() => {
      expect(one.watcher.view).toEqual({ folder: IN, taken: 1, trouble: null })
    })
    expect(one.taken).toEqual([`${IN}/a.wav`, `${IN}/a.wav`])
  })
})
