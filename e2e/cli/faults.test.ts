import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { vanishingDisks } from '../../scripts/reliability/disks'
import { Random } from '../../scripts/reliability/random'
import { isLongForm } from '../longForm'
import { COMMAND, runCommand, sha256, Workshop } from './command.testkit'

let shop: Workshop
beforeAll(async () => {
  shop = await Workshop.open()
})
afterAll(() => {
  shop.close()
})

const succeeds = (program: string, args: readonly string[]): boolean => spawnSync(program, args).status === 0

/** Mounting needs root. */
function canMount(): boolean {
  const probe = new Workshop()
  const mounted = succeeds('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe.root])
  if (mounted) execFileSync('umount', [probe.root])
  probe.close()
  return mounted
}
const mounts = canMount()
if (!mounts) console.info('skipped: a full disk (needs the right to mount a tmpfs)')

const strace = succeeds('strace', ['-o', '/dev/null', 'true'])
if (!strace && process.env.CI === 'true') throw new Error('strace is missing or may not trace')
if (!strace) console.info('skipped: system calls on the sources (needs strace)')

describe.skipIf(!mounts)('a disk that fills up (R12)', () => {
  const SOURCES = ['a', 'b', 'c'].map((name) => `disk/${name}.wav`)

  it.each(isLongForm ? Array.from({ length: 43 }, (_, n) => 4 * (n + 1)) : [16, 64, 170])(
    'of %d kB: whole files or none, no part, the batch stops and says why',
    async (sizeKb) => {
      for (const name of SOURCES) shop.wav(name, 2)
      const disk = path.dirname(shop.write(`mount-${sizeKb}/x`, ''))
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'tmpfs', disk])
      try {
        const report = `full-${sizeKb}.json`
        const args = [shop.at('disk'), '--out', disk, '--model', shop.model, '--report', shop.at(report)]
        expect((await runCommand(args)).code).toBe(1)
        const { files } = shop.report(report)
        const done = files.filter((file) => file.status === 'done')
        expect(shop.files(path.basename(disk)).map((name) => path.join(disk, name))).toEqual(
          done.map((file) => file.output)
        )
        for (const file of done) expect(wavFrames(file.output!)).toBe(wavFrames(file.input))
        const ends = files.slice(done.length).map((file) => [file.status, file.error?.code])
        expect(ends[0]).toEqual(['failed', 'E_DISK_FULL'])
        expect(ends.slice(1)).toEqual(ends.slice(1).map(() => ['cancelled', 'E_DISK_FULL']))
      } finally {
        execFileSync('umount', [disk])
      }
    }
  )
})

describe.skipIf(!mounts)('a disk that may not be written or goes away', () => {
  it('for reading only: refused at once, before any work (R14; as root a folder without rights is no test)', async () => {
    const disk = path.dirname(shop.write('read-only/x', ''))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', disk])
    try {
      const source = shop.wav('for-read-only/a.wav', 0.5)
      const { code, stderr } = await runCommand([source, '--out', path.join(disk, 'out'), '--model', shop.model])
      expect([code, stderr]).toEqual([2, expect.stringContaining('read-only')])
    } finally {
      execFileSync('umount', [disk])
    }
  })

  it('in mid-write: the batch stops and says so, and nothing is put into the bare folder (R15)', async () => {
    const folder = shop.at('vanishing')
    const rows = await vanishingDisks({
      folder,
      count: isLongForm ? 20 : 1,
      random: new Random(15),
      say: () => undefined
    })
    expect(rows.filter(({ kept }) => !kept)).toEqual([])
  })
})

const offline = succeeds('unshare', ['-n', 'true']) ? ['unshare', '-n'] : []
if (offline.length === 0)
  console.info('not shown: that the command works without any network (needs the right to unshare)')

describe.skipIf(!strace)('system calls, without any network where that can be had (S5)', () => {
  it('open the sources for reading and change nothing about them (S26); a playlist in disguise has no other file opened and nobody asked (S35)', () => {
    const sources = [shop.wav('traced/a.wav', 0.5), shop.wav('traced/sub/b.wav', 0.5, { sampleRateHz: 44_100 })]
    const before = sources.map(sha256)
    const secret = path.basename(shop.write('traced/secret.dat', readFileSync(sources[0]!)))
    const lists = [
      `ffconcat version 1.0\nfile ${secret}\n`,
      `ffconcat version 1.0\nfile '${shop.at('traced', secret)}'\n`,
      `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${secret}\n#EXT-X-ENDLIST\n`,
      '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.wav\n#EXT-X-ENDLIST\n'
    ].map((text, n) => shop.write(`traced/list-${n}.wav`, text))
    const log = shop.at('strace.log')
    const calls =
      'open,openat,creat,rename,renameat,renameat2,unlink,unlinkat,truncate,chmod,fchmodat,utimensat,link,linkat,symlink,connect'
    const command = [
      process.execPath,
      COMMAND,
      shop.at('traced'),
      '--out',
      shop.at('traced-out'),
      '--model',
      shop.model
    ]
    const tracing = ['strace', '-f', '-qq', '-s', '4096', '-e', `trace=${calls}`, '-o', log, ...command]
    const [program = '', ...words] = [...offline, ...tracing]
    const traced = spawnSync(program, words)
    const lines = readFileSync(log, 'utf8').split('\n')
    const onSources = lines.filter((line) => sources.some((source) => line.includes(`"${source}"`)))
    expect(onSources.length).toBeGreaterThanOrEqual(sources.length)
    expect(onSources.filter((line) => !/open(?:at)?\(.*O_RDONLY/u.test(line))).toEqual([])
    expect(sources.map(sha256)).toEqual(before)
    // Each list was opened by us and by the decoder, and came to nothing.
    for (const list of lists) expect(lines.filter((line) => line.includes(list)).length, list).toBeGreaterThan(1)
    expect(traced.status, traced.stderr.toString()).toBe(1)
    expect(shop.files('traced-out').sort()).toEqual(['a.wav', 'sub/b.wav'])
    expect(lines.filter((line) => line.includes(secret))).toEqual([])
    expect(lines.filter((line) => /connect\(.*AF_INET/u.test(line))).toEqual([])
  })
})

/** Frames of a 16-bit mono WAV that is whole: what its header says is there to the last byte. */
function wavFrames(file: string): number {
  const bytes = readFileSync(file)
  const data = bytes.indexOf('data')
  const dataBytes = bytes.readUInt32LE(data + 4)
  expect(bytes.length).toBe(data + 8 + dataBytes)
  return dataBytes / 2
}
