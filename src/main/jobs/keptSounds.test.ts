import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KeptSounds } from './keptSounds'

const BLOCK = 4096
let dataFolder: string
let folder: string
beforeEach(() => {
  dataFolder = mkdtempSync(path.join(tmpdir(), 'kept-'))
  folder = path.join(dataFolder, 'cache', 'kept')
  mkdirSync(folder, { recursive: true })
})
afterEach(() => {
  rmSync(dataFolder, { recursive: true })
})

/** Used `at` seconds after the epoch. */
function keep(name: string, bytes: number, at: number): string {
  const file = path.join(folder, name)
  writeFileSync(file, Buffer.alloc(bytes))
  utimesSync(file, at, at)
  return file
}
const there = (): string[] => readdirSync(folder).sort()
function keeper(limitBytes: number): { readonly kept: KeptSounds; readonly said: string[] } {
  const said: string[] = []
  return { kept: new KeptSounds({ dataFolder, limitBytes: () => limitBytes, log: (line) => said.push(line) }), said }
}

it('counts whole blocks, and lets the longest unused go until there is room again (ten thousand tiny files took forty times their limit)', async () => {
  for (let n = 0; n < 10; n++) keep(`k${n}`, 40, n)
  const { kept, said } = keeper(10 * BLOCK)
  await kept.tidy()
  expect([there().length, await kept.sizeBytes()]).toEqual([10, 10 * BLOCK])
  await kept.trim(keep('new', 40, 99))
  expect(there()).toEqual(['k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'new'])
  expect(said).toEqual([])
})

it('looks at all that is there now and then only (each of ten thousand files cost a look at all before it)', async () => {
  const { kept } = keeper(1_000_000 * BLOCK)
  await kept.tidy()
  const gone = '0'.repeat(40) + '.999999999-00000000.part'
  keep(gone, 10, 1)
  for (let n = 0; n < 199; n++) await kept.trim(path.join(folder, 'nothing'))
  expect(there()).toEqual([gone])
  await kept.trim(path.join(folder, 'nothing'))
  expect(there()).toEqual([])
})

it('takes away what an ended engine left half-written, and nothing of one that lives', async () => {
  const living = `a.${process.ppid}-00000000.part`
  keep(living, 10, 1)
  keep('b.999999999-00000000.part', 10, 1)
  await keeper(BLOCK).kept.tidy()
  expect(there()).toEqual([living])
})
