import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { awkwardNames } from './awkwardNames.testkit'
import { runCommand, Workshop } from './command.testkit'

let shop: Workshop
beforeAll(async () => {
  shop = await Workshop.open()
})
afterAll(() => {
  shop.close()
})

/** Bytes of sound in a WAV. */
function soundBytes(file: string): number {
  const bytes = readFileSync(file)
  return bytes.readUInt32LE(bytes.indexOf('data') + 4)
}

describe('200 awkward names, in two shares', () => {
  it('come out right, each once (names collided, were read as options, or were in no share)', async () => {
    const names = awkwardNames()
    expect(new Set(names).size).toBe(200)
    // Each has a length of its own, so that a result in another's place is seen.
    for (const [n, name] of names.entries()) shop.wav(`awkward/${name}`, (800 + n) / 16_000)
    const base = [shop.at('awkward'), '--out', shop.at('out'), '--model', shop.model, '--device', 'cpu', '--batch', '4']
    const reports = ['1', '2'].map((k) => shop.at(`${k}.json`))
    const runs = reports.map((report, k) => runCommand([...base, '--shard', `${k + 1}/2`, '--report', report]))
    for (const { code, stdout, stderr } of await Promise.all(runs)) {
      expect([code, stderr]).toEqual([0, ''])
      // A file's name must not drive the terminal.
      for (const unsafe of ['\u001b', '\u202e', '\u0007']) expect(stdout).not.toContain(unsafe)
    }
    const all = ['json', 'csv', 'html'].flatMap((form) => ['--out', shop.at(`all.${form}`)])
    const merged = await runCommand(['merge-reports', ...reports, ...all])
    expect(merged.stdout).toBe('2 reports, 200 files: 200 done, 0 failed, 0 skipped, 0 cancelled.\n')
    const { files } = shop.report('all.json')
    expect(new Set(files.map(({ output }) => output)).size).toBe(200)
    for (const [n, name] of names.entries()) {
      const file = files.find(({ input }) => input === `${shop.at('awkward')}/${name}`)
      expect(file, name).toMatchObject({ status: 'done', relativePath: name })
      expect(soundBytes(file!.output!), name).toBe((800 + n) * 2)
    }
    expect([shop.files('awkward').length, shop.files('out').length]).toEqual([200, 200])
  }, 120_000)
})
