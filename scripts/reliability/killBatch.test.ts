import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { emptyTally, sumsOf, untilDone, type KillTally } from './killBatch'

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-batch-'))
const [sources, outDir, reference] = ['in', 'out', 'reference'].map((name) => path.join(root, name))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})
beforeEach(() => {
  rmSync(root, { recursive: true, force: true })
  for (const folder of [sources!, outDir!, reference!]) mkdirSync(folder, { recursive: true })
  put(sources!, 'a.wav', 'noisy')
  put(reference!, 'a.wav', 'clean')
})

const put = (folder: string, name: string, text: string): void => {
  writeFileSync(path.join(folder, `${name}.new`), text)
  renameSync(path.join(folder, `${name}.new`), path.join(folder, name))
}

/** A killed life that does the first, and one that ends and does the second. */
async function tallyOf(...lives: (() => void)[]): Promise<KillTally> {
  const tally = emptyTally()
  const left = [...lives]
  const live = (): Promise<never> => {
    left.shift()!()
    const code = left.length === 0 ? 0 : null
    return Promise.resolve({ stdout: '', stderr: '', code, tookMs: 1, readyMs: 1, strays: [] } as never)
  }
  const whole = sumsOf(reference!, () => true)
  const nothing = (): void => undefined
  await untilDone({ sources: sources!, outDir: outDir!, whole, live, check: nothing, atEnd: nothing }, tally)
  return tally
}

const clean = (): void => {
  put(outDir!, 'a.wav', 'clean')
}
const nothing = (): void => undefined

it('finds nothing where nothing is wrong (a test that always fails is switched off)', async () => {
  expect(await tallyOf(nothing, clean)).toMatchObject({ kills: 1, damaged: [], lost: [], twice: [], left: [] })
})

it('finds half a file, even one that is whole later (a kill test that looks only at the end)', async () => {
  expect(
    (
      await tallyOf(() => {
        put(outDir!, 'a.wav', 'cle')
      }, clean)
    ).damaged
  ).toEqual(['a.wav'])
})

it('finds a file that was done twice, lost or left, and a changed source (a kill test that cannot fail)', async () => {
  expect((await tallyOf(clean, clean)).twice).toEqual(['a.wav'])
  expect(
    (
      await tallyOf(nothing, () => {
        rmSync(path.join(outDir!, 'a.wav'))
      })
    ).lost
  ).not.toEqual([])
  expect(
    (
      await tallyOf(clean, () => {
        put(outDir!, '.a.part', '')
      })
    ).left
  ).toEqual(['.a.part'])
  expect(
    (
      await tallyOf(clean, () => {
        put(sources!, 'a.wav', 'other')
      })
    ).damaged
  ).toEqual(['source a.wav'])
})
