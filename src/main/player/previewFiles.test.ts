import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PreviewFolder, type PreviewFiles } from './previewFiles'

let root = ''
beforeEach(() => {
  root = path.join(mkdtempSync(path.join(tmpdir(), 'stillwave-previews-')), 'previews')
})
afterEach(() => {
  rmSync(path.dirname(root), { recursive: true, force: true })
})

it('keeps the last five, sweeps what an earlier life left, and leaves nothing (a cache that only grows)', async () => {
  mkdirSync(path.join(root, 'of yesterday'), { recursive: true })
  const folder = new PreviewFolder(root)
  for (const id of ['1', '2', '3', '4', '5', '6', '7']) {
    const made = await folder.make(id)
    const [originalPath, cleanPath] = [path.join(made, 'original.wav'), path.join(made, 'clean.wav')]
    writeFileSync(cleanPath, 'x')
    const files: PreviewFiles = {
      jobId: 'j',
      originalPath,
      cleanPath,
      window: { startFrame: 0, frames: 1 },
      startSec: 0
    }
    await folder.keep(id, files)
  }
  expect(readdirSync(root).sort()).toEqual(['3', '4', '5', '6', '7'])
  expect(folder.filesOf('2')).toBeNull()
  expect(folder.filesOf('7')?.cleanPath).toBe(path.join(root, '7', 'clean.wav'))
  await folder.make('8')
  await folder.drop('8')
  expect(readdirSync(root)).not.toContain('8')
  await folder.clear()
  expect(folder.filesOf('7')).toBeNull()
  expect(() => readdirSync(root)).toThrow()
})
