import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_APP_SETTINGS } from '../../shared/settings/appSettings'
import { readSettings, SettingsStore } from './settingsStore'

let folder: string
let logged: string[]
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-settings-'))
  logged = []
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})
const open = (): Promise<SettingsStore> => SettingsStore.open(folder, (line) => void logged.push(line))

describe('SettingsStore', () => {
  it('keeps what was set, soon and in one step', async () => {
    const store = await open()
    expect(store.settings).toEqual(DEFAULT_APP_SETTINGS)
    store.patch({ theme: 'dark', job: { chunkSec: 2, output: { onExists: 'rename' } } })
    await expect.poll(() => readdirSync(folder), { timeout: 1000 }).toEqual(['settings.json'])
    const { settings } = await open()
    expect(settings).toMatchObject({ theme: 'dark', job: { chunkSec: 2, batch: 1, output: { onExists: 'rename' } } })
  })

  it('writes at the end what was set a moment before (a setting lost by quitting at once)', async () => {
    const store = await open()
    store.patch({ theme: 'dark' })
    store.patch({ theme: 'light' })
    await store.flush()
    expect((await open()).settings.theme).toBe('light')
  })

  it('keeps a copy of a file that is none, begins with the defaults and says so', async () => {
    writeFileSync(path.join(folder, 'settings.json'), '{"theme": "da')
    expect((await open()).settings).toEqual(DEFAULT_APP_SETTINGS)
    const copy = readdirSync(folder).find((name) => name.endsWith('.damaged'))!
    expect(readFileSync(path.join(folder, copy), 'utf8')).toBe('{"theme": "da')
    expect(logged[0]).toContain(copy)
  })

  it('begins with the defaults where the file cannot be read at all (a folder in its place stopped the start)', async () => {
    mkdirSync(path.join(folder, 'settings.json'))
    const store = await open()
    expect(store.settings).toEqual(DEFAULT_APP_SETTINGS)
    store.patch({ theme: 'dark' })
    await store.flush()
    expect(logged).toHaveLength(2)
    expect(readdirSync(folder)).toEqual(['settings.json'])
  })

  it('lets one bad field cost its own default only, and drops fields that it does not know', () => {
    const job = { chunkSec: 1e9, batch: 4, output: { pattern: '../{name}', onExists: 'rename' }, future: 1 }
    const { settings, dropped } = readSettings({ theme: 'dark', language: 'klingon', job, later: true })
    expect(settings).toEqual({
      ...DEFAULT_APP_SETTINGS,
      theme: 'dark',
      job: {
        ...DEFAULT_APP_SETTINGS.job,
        batch: 4,
        output: { ...DEFAULT_APP_SETTINGS.job.output, onExists: 'rename' }
      }
    })
    expect(dropped).toEqual(['job.output.pattern', 'job.chunkSec', 'language'])
  })

  it.each([null, [], 3, { job: null }, { job: { output: 7 } }, { userPresets: [{}] }])(
    'reads %j as settings',
    (value) => {
      expect(readSettings(value).settings).toEqual(DEFAULT_APP_SETTINGS)
    }
  )

  it('refuses a patch that would not be settings, and stays as it was', async () => {
    const store = await open()
    expect(() => store.patch({ job: { batch: 99 } })).toThrow()
    expect(store.settings).toEqual(DEFAULT_APP_SETTINGS)
  })
})
