import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { livePartPaths } from './partFiles'
import { saveWhole } from './saveWhole'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-save-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('saveWhole', () => {
  it('puts the new content in the old one’s place and leaves nothing else', async () => {
    const file = path.join(folder, 'report.json')
    writeFileSync(file, 'old')
    await saveWhole(file, 'new')
    await saveWhole(path.join(folder, 'archive.zip'), Uint8Array.of(1, 2, 3))
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(readdirSync(folder).sort()).toEqual(['archive.zip', 'report.json'])
    expect(livePartPaths()).toEqual([])
  })

  it('names the file that could not be written, and leaves no part of it (a half file, or a part for ever)', async () => {
    const taken = path.join(folder, 'taken')
    mkdirSync(taken)
    writeFileSync(path.join(taken, 'kept'), '')
    await expect(saveWhole(taken, 'text')).rejects.toMatchObject({ code: 'E_IO', data: { path: taken } })
    const missing = path.join(folder, 'none', 'report.json')
    await expect(saveWhole(missing, 'text')).rejects.toMatchObject({ data: { path: missing } })
    expect(readdirSync(folder)).toEqual(['taken'])
    expect(livePartPaths()).toEqual([])
  })
})
