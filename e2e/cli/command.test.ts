import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killChild } from '../../src/shared/processes/killChild'
import { engineOf, runCommand, sha256, startCommand, Workshop, type Running } from './command.testkit'

let shop: Workshop
beforeAll(async () => {
  shop = await Workshop.open()
})
afterAll(() => {
  shop.close()
})

const denoise = (...args: string[]): ReturnType<typeof runCommand> => runCommand([...args, '--model', shop.model])
/** Long enough to be interrupted. */
const LONG_SEC = 600

async function untilPartExists(folder: string, running: Running): Promise<void> {
  for (let n = 0; n < 200; n++) {
    if (shop.files(folder).some((name) => /\.a\.wav\..*\.part$/u.test(name))) return
    await sleep(50)
  }
  throw new Error(`no part file appeared: ${running.printed()}`)
}

describe('the command', () => {
  it('keeps tree and names under --out, leaves the sources alone, and reports in its form', async () => {
    const a = shop.wav('tree/a.wav', 1)
    const b = shop.wav('tree/sub/b take.wav', 1, { sampleRateHz: 48_000, channels: 2 })
    const before = [a, b].map((file) => [sha256(file), statSync(file).mtimeMs])
    const reports = ['json', 'html', 'csv'].flatMap((form) => ['--report', shop.at(`report.${form}`)])
    const outcome = await denoise(shop.at('tree'), '--out', shop.at('tree-out'), ...reports)
    expect(outcome.stderr).toBe('')
    expect(outcome.code).toBe(0)
    expect(shop.files('tree-out')).toEqual(['a.wav', 'sub/b take.wav'])
    expect([a, b].map((file) => [sha256(file), statSync(file).mtimeMs])).toEqual(before)
    const { files, totals, ...head } = shop.report()
    expect(head).toMatchObject({ version: expect.any(String) as string, model: shop.model, device: 'cpu' })
    expect(Object.keys(files[0]!).sort()).toEqual(
      (
        'channels durationSec error input levelAfterDb levelBeforeDb noiseFloorAfterDb noiseFloorBeforeDb output ' +
        'peakAfterDb peakBeforeDb peakRssBytes processingSec relativePath rtf sampleRateHz settings snrGainDb status warnings withoutModel'
      ).split(' ')
    )
    expect(files.map(({ relativePath }) => relativePath)).toEqual(['a.wav', 'sub/b take.wav'])
    // The tone's level is known: 6000 of 32768, wavering, is -20.7 dBFS with its noise.
    expect(Math.abs(files[0]!.levelBeforeDb! + 20.7)).toBeLessThan(0.3)
    expect(files[0]!.noiseFloorBeforeDb).toBeLessThan(files[0]!.levelBeforeDb! - 5)
    const [page, table] = ['html', 'csv'].map((form) => readFileSync(shop.at(`report.${form}`), 'utf8'))
    expect(page).toContain('<bdi>sub/b take.wav</bdi>')
    expect(table!.trimEnd().split('\r\n')).toHaveLength(3)
    expect(files[1]).toMatchObject({ status: 'done', input: b, sampleRateHz: 48_000, channels: 2, durationSec: 1 })
    expect(totals).toMatchObject({ audioSec: 2 })
    expect(totals.peakRssBytes).toBeGreaterThan(20e6)
  })

  it('writes beside the source by default, and never takes that for an input', async () => {
    shop.wav('beside/a.wav', 0.5)
    expect((await denoise(shop.at('beside'))).code).toBe(0)
    expect((await denoise(shop.at('beside'))).code).toBe(0)
    expect(shop.files('beside')).toEqual(['a.clean.wav', 'a.wav'])
  })

  it('with --out leaves out what an earlier run wrote beside the sources (else it is cleaned twice)', async () => {
    shop.wav('again/a.wav', 0.5)
    shop.wav('again/other.clean.wav', 0.5)
    expect((await denoise(shop.at('again/a.wav'))).code).toBe(0)
    expect(shop.files('again')).toEqual(['a.clean.wav', 'a.wav', 'other.clean.wav'])
    const outcome = await denoise(shop.at('again'), '--out', shop.at('again-out'))
    expect(outcome.stdout).toContain('a.clean.wav (own output)')
    expect(shop.files('again-out')).toEqual(['a.wav', 'other.clean.wav'])
  })

  it('takes away as much as --strength says and names by --name', async () => {
    const source = shop.wav('mix/a.wav', 1)
    const run = (percent: string): ReturnType<typeof denoise> =>
      denoise(source, '--out', shop.at('mix-out'), '--strength', percent, '--name', `{name} {folder} ${percent}`)
    for (const percent of ['0', '50', '100']) expect((await run(percent)).code).toBe(0)
    expect(shop.files('mix-out')).toEqual(['a mix 0.wav', 'a mix 100.wav', 'a mix 50.wav'])
    const [dry, half, wet, input] = [0, 50, 100]
      .map((n) => samples(shop.at(`mix-out/a mix ${n}.wav`)))
      .concat([samples(source)])
    // Dither and rounding are a step or two.
    const far = (a: Int16Array, b: (n: number) => number): number =>
      a.reduce((most, value, n) => Math.max(most, Math.abs(value - b(n))), 0)
    expect(far(dry!, (n) => input![n]!)).toBeLessThanOrEqual(3)
    expect(far(half!, (n) => (dry![n]! + wet![n]!) / 2)).toBeLessThanOrEqual(4)
    expect(far(wet!, (n) => input![n]!)).toBeGreaterThan(100)
  })

  it('keeps what the model gave with --keep-mb, and changes the strength without it (an old strength was served)', async () => {
    const a = shop.wav('kept/a.wav', 1)
    const words = [a, '--on-exists', 'overwrite', '--data', shop.at('kept-data')]
    const out = (name: string): readonly string[] => ['--out', shop.at(name)]
    await denoise(...words, ...out('kept-a'), '--keep-mb', '50')
    const again = await denoise(...words, ...out('kept-a'), '--keep-mb', '50', '--strength', '40')
    const afresh = await denoise(...words, ...out('kept-b'), '--strength', '40')
    expect(again.stdout).toContain('1 from what was kept, without the model')
    expect(afresh.stdout).not.toContain('kept, without')
    expect(sha256(shop.at('kept-a/a.wav'))).toBe(sha256(shop.at('kept-b/a.wav')))
  })

  it('skips, renames or overwrites what is there; by default it skips (R20)', async () => {
    const source = shop.wav('exists/a.wav', 0.5)
    const out = shop.at('exists-out')
    mkdirSync(out)
    writeFileSync(path.join(out, 'a.wav'), 'mine')
    const skipped = await denoise(source, '--out', out, '--report', shop.at('skip.json'))
    expect([skipped.code, shop.report('skip.json').files[0]?.status]).toEqual([0, 'skipped'])
    expect(statSync(path.join(out, 'a.wav')).size).toBe(4)
    expect((await denoise(source, '--out', out, '--on-exists', 'rename')).code).toBe(0)
    expect(shop.files('exists-out')).toEqual(['a (2).wav', 'a.wav'])
    expect(statSync(path.join(out, 'a.wav')).size).toBe(4)
    expect((await denoise(source, '--out', out, '--on-exists', 'overwrite')).code).toBe(0)
    expect(sha256(path.join(out, 'a.wav'))).toBe(sha256(path.join(out, 'a (2).wav')))
  })

  it('goes on after a bad file, says what to do about it, and exits 1', async () => {
    shop.wav('bad/b.wav', 0.5)
    shop.write('bad/a.wav', '')
    const outcome = await denoise(shop.at('bad'), '--out', shop.at('bad-out'), '--quiet')
    expect(outcome.code).toBe(1)
    expect(outcome.stdout).toBe('')
    expect(outcome.stderr).toContain('Copy it again')
    expect(shop.files('bad-out')).toEqual(['b.wav'])
  })

  it.each([
    [['--join', 'sideways', 'x'], '--join'],
    [['--batch', '0', 'x'], '--batch'],
    [['--frobnicate', 'x'], '--frobnicate'],
    [[], 'at least one'],
    [['.', '--model', 'nope'], '--model'],
    [['x', '--strength', 'half'], '--strength'],
    [['x', '--name', '{nmae}'], '--name']
  ])('exits 2 on %j and names what is wrong', async (args, named) => {
    const outcome = await runCommand(args)
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toContain(named)
  })

  it('exits 2 where an input is missing, and touches nothing (R14)', async () => {
    const outcome = await denoise(shop.at('no-such-file.wav'), '--out', shop.at('never-made'))
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toContain('no-such-file.wav: there is no such file or folder')
    expect(shop.files('never-made')).toEqual([])
  })

  it('exits 2 on an output folder that cannot be made (Node tried for ever, until memory was gone)', async () => {
    const outcome = await denoise(shop.wav('refused/a.wav', 0.1), '--out', '/proc/stillwave')
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toContain('--out /proc/stillwave')
  })

  it('stops within a second of Ctrl-C, exits 130 and leaves no part file (R38)', async () => {
    const source = shop.wav('long/a.wav', LONG_SEC)
    shop.wav('long/b.wav', 1)
    const running = startCommand([shop.at('long'), '--model', shop.model, '--out', shop.at('long-out')])
    await untilPartExists('long-out', running)
    const engine = engineOf(running.child)!
    const before = performance.now()
    killChild(running.child, 'SIGINT')
    const outcome = await running.ended
    expect(performance.now() - before).toBeLessThan(1300)
    expect(outcome.code).toBe(130)
    expect(shop.files('long-out')).toEqual([])
    expect(() => process.kill(engine, 0)).toThrow()
    expect(statSync(source).size).toBeGreaterThan(0)
  })

  it('survives the engine: killed in mid-file the file is done anew, and the next one too (R2)', async () => {
    const source = shop.wav('killed/a.wav', 60)
    shop.wav('killed/b.wav', 1)
    const running = startCommand([shop.at('killed'), '--model', shop.model, '--out', shop.at('killed-out')])
    await untilPartExists('killed-out', running)
    process.kill(engineOf(running.child)!, 'SIGKILL')
    const outcome = await running.ended
    expect(outcome.stdout).toContain('the engine stopped, trying once more')
    expect(outcome.code).toBe(0)
    expect(shop.files('killed-out')).toEqual(['a.wav', 'b.wav'])
    const undisturbed = await denoise(source, '--out', shop.at('killed-again'))
    expect(undisturbed.code).toBe(0)
    expect(sha256(shop.at('killed-again/a.wav'))).toBe(sha256(shop.at('killed-out/a.wav')))
  })

  it('killed itself, leaves nothing under a final name, and its next run sweeps up and finishes (R1)', async () => {
    shop.wav('dead/a.wav', LONG_SEC)
    const args = [shop.at('dead'), '--model', shop.model, '--out', shop.at('dead-out')]
    const running = startCommand(args)
    await untilPartExists('dead-out', running)
    const engine = engineOf(running.child)!
    killChild(running.child)
    await running.ended
    // The engine may have seen its parent's end by now, and taken its part away.
    expect(shop.files('dead-out').filter((name) => !name.endsWith('.part'))).toEqual([])
    for (let n = 0; n < 140 && isAlive(engine); n++) await sleep(50)
    expect(isAlive(engine)).toBe(false)
    shop.wav('dead/a.wav', 1)
    expect((await runCommand(args)).code).toBe(0)
    expect(shop.files('dead-out')).toEqual(['a.wav'])
  })
})

function samples(file: string): Int16Array {
  const bytes = readFileSync(file)
  const at = bytes.indexOf('data', 12, 'latin1') + 8
  return Int16Array.from({ length: bytes.readUInt32LE(at - 4) / 2 }, (_, n) => bytes.readInt16LE(at + 2 * n))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
