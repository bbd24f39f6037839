import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { killChild } from '../../src/shared/processes/killChild'
import { awkwardNames } from './awkwardNames.testkit'
import { runCommand, startCommand, Workshop } from './command.testkit'

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

describe.concurrent('200 awkward names, in two shares', () => {
  it('come out right, each once, and nothing else is written (names collided, or were in no share; a number for the runtime’s maker)', async () => {
    const names = awkwardNames()
    expect(new Set(names).size).toBe(200)
    // Each has a length of its own, so that a result in another's place is seen.
    for (const [n, name] of names.entries()) shop.wav(`awkward/${name}`, (800 + n) / 16_000)
    const base = [shop.at('awkward'), '--out', shop.at('out'), '--model', shop.model, '--device', 'cpu', '--batch', '4']
    const reports = ['1', '2'].map((k) => shop.at(`${k}.json`))
    // A home of its own: ONNX Runtime tells its maker of every session under a number that it keeps there, unless it is told not to.
    const homes = ['1', '2'].map((k) => path.dirname(shop.write(`home${k}/own`, '')))
    const runs = reports.map((report, k) => {
      const env = { ...process.env, HOME: homes[k], XDG_CACHE_HOME: homes[k], TMPDIR: homes[k] }
      return runCommand([...base, '--shard', `${k + 1}/2`, '--report', report], { env })
    })
    for (const { code, stdout, stderr } of await Promise.all(runs)) {
      expect([code, stderr]).toEqual([0, ''])
      // A file's name must not drive the terminal.
      for (const unsafe of ['\u001b', '\u202e', '\u0007']) expect(stdout).not.toContain(unsafe)
    }
    expect(['home1', 'home2'].flatMap((home) => shop.files(home))).toEqual(['own', 'own'])
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

describe.concurrent('of a folder only what is wanted', () => {
  it('is told by a dry run, which writes nothing; made anew only where something changed (all was done again)', async () => {
    shop.wav('some/a.wav', 0.1)
    shop.wav('some/drafts/b.wav', 0.1)
    const out = shop.at('some/clean')
    const args = [shop.at('some'), '--out', out, '--exclude', 'drafts', '--on-exists', 'changed']
    const tiny = ['--model', shop.model, '--device', 'cpu']
    const dry = await runCommand([...args, '--dry-run'])
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    expect(dry.stdout).toMatch(/write: .*a\.wav -> .*clean\/a\.wav\n1 of 1 file to write, about 1 MB, .* free\.\n$/u)
    expect(shop.files('some')).toEqual(['a.wav', 'drafts/b.wav'])
    const strengths = ['100', '100', '50']
    const ends: string[] = []
    for (const strength of strengths) {
      const { stdout } = await runCommand([...args, ...tiny, '--strength', strength])
      ends.push(/1 file: (\d \w+)(?:, 1 (\w+))?/u.exec(stdout)?.slice(1).join(' ') ?? stdout)
    }
    expect(ends).toEqual(['1 done ', '0 done skipped', '1 done '])
    expect(shop.files('some')).toEqual(['a.wav', 'clean/.stillwave-index', 'clean/a.wav', 'drafts/b.wav'])
  }, 120_000)
})

describe.concurrent('a folder that is watched', () => {
  it('has what is there and what comes cleaned, never its own results, until Ctrl-C (results cleaned again and again)', async () => {
    shop.wav('watched/a.wav', 0.1)
    const args = [shop.at('watched'), '--watch', '--watch-every', '0.1', '--model', shop.model, '--device', 'cpu']
    const running = startCommand(args)
    const said = (text: string): Promise<void> =>
      vi.waitFor(
        () => {
          expect(running.printed()).toContain(text)
        },
        { timeout: 60_000 }
      )
    try {
      await said('a.clean.wav')
      await said('Waiting for more files.')
      shop.wav('watched/later/b.wav', 0.1)
      await said('b.clean.wav')
      await vi.waitFor(
        () => {
          expect(running.printed().split('Waiting for more files.')).toHaveLength(3)
        },
        { timeout: 60_000 }
      )
    } finally {
      killChild(running.child, 'SIGINT')
    }
    const { code, stderr } = await running.ended
    expect([code, stderr]).toEqual([0, ''])
    const results = shop.files('watched').filter((name) => !name.includes('.stillwave-index'))
    expect(results).toEqual(['a.clean.wav', 'a.wav', 'later/b.clean.wav', 'later/b.wav'])
  }, 120_000)
})
