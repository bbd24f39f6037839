import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { unpackLibraries } from './workshopUnpack'

let root: string
let outFolder: string

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'stillwave-unpack-'))
  outFolder = path.join(root, 'out')
  mkdirSync(outFolder)
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function tgz(files: Readonly<Record<string, string>>): string {
  const folder = path.join(root, 'made')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  const archivePath = path.join(root, 'made.tgz')
  execFileSync('tar', ['-czf', archivePath, '-C', folder, '--transform', 's,^escape,../../../escape,', '-P', '.'])
  return archivePath
}

const unpack = (archivePath: string, maxBytes = 1e6): ReturnType<typeof unpackLibraries> => {
  const request = { type: 'unpack', archivePath, format: 'tgz', outFolder, names: null, maxBytes } as const
  return unpackLibraries(request, () => undefined)
}

describe('libraries out of an archive', () => {
  test('land under their own names in one folder, whatever path they were given', async () => {
    const long = 'x'.repeat(120)
    const archivePath = tgz({
      'escape/lib/libup.so': 'up',
      [`${long}/lib/libdeep.so.12`]: 'deep',
      'a/lib/readme.txt': 'no',
      'libtop.so': 'no'
    })
    await unpack(archivePath)
    expect(readdirSync(outFolder).sort()).toEqual(['libdeep.so.12', 'libup.so'])
    expect(readFileSync(path.join(outFolder, 'libdeep.so.12'), 'utf8')).toBe('deep')
  })

  test('that unpack to more than was agreed stop there (a bomb fills the disk)', async () => {
    const archivePath = tgz({ 'a/lib/libbomb.so': '0'.repeat(3_000_000) })
    await expect(unpack(archivePath)).rejects.toMatchObject({ code: 'E_DOWNLOAD_MISMATCH' })
  })

  test.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['no archive', () => Buffer.from('<html>not here</html>')]
  ])('of a file that is %s are refused with a typed error', async (_name, damage) => {
    const archivePath = tgz({ 'a/lib/liba.so': Array.from({ length: 9000 }, (_, i) => `${i * 7919}`).join() })
    writeFileSync(archivePath, damage(readFileSync(archivePath)))
    await expect(unpack(archivePath)).rejects.toMatchObject({ code: 'E_DOWNLOAD_MISMATCH' })
  })
})
