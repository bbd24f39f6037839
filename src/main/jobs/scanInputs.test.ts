import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scanInputs, type ScanOptions, type ScanResult } from './scanInputs'

let root: string
beforeEach(() => (root = mkdtempSync(path.join(tmpdir(), 'stillwave-scan-'))))
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const make = (...names: string[]): void => {
  for (const name of names) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), 'x')
  }
}
const scan = (inputs: string[], options: Partial<ScanOptions> = {}): Promise<ScanResult> =>
  scanInputs(
    inputs.map((input) => path.join(root, input)),
    { recursive: true, outDir: null, ...options }
  )
const names = (result: ScanResult): string[] => result.files.map((file) => file.relativePath)

describe('scanInputs', () => {
  it('takes audio by name, in natural order, and keeps the place in the tree', async () => {
    make('in/take 10.wav', 'in/take 2.WAV', 'in/sub/deep/a.mp3', 'in/notes.txt', 'in/cover.jpg')
    const result = await scan(['in'])
    expect(names(result)).toEqual(['sub/deep/a.mp3', 'take 2.WAV', 'take 10.wav'])
    expect(result.otherFiles).toBe(2)
  })

  it('does not look into folders that the patterns leave out (a hundred thousand drafts, read one by one)', async () => {
    make('in/a.wav', 'in/drafts/b.wav', 'in/drafts/deep/c.wav', 'in/deep/x.bak.wav')
    const result = await scan(['in'], { patterns: { include: [], exclude: ['drafts', '*.bak.wav'] } })
    expect(names(result)).toEqual(['a.wav'])
    expect(result).toMatchObject({ excludedFolders: 1, excludedFiles: 1, skipped: [] })
    // One that is named itself is taken whatever it is called.
    expect(names(await scan(['in/drafts'], { patterns: { include: [], exclude: ['drafts'] } }))).toHaveLength(2)
  })

  it('leaves sub-folders alone when asked to', async () => {
    make('in/a.wav', 'in/sub/b.wav')
    expect(names(await scan(['in'], { recursive: false }))).toEqual(['a.wav'])
  })

  it('always takes a named file, whatever it is called, and none twice', async () => {
    make('voice.dat', 'x.clean.wav')
    expect(names(await scan(['voice.dat', 'voice.dat', 'x.clean.wav']))).toEqual(['voice.dat', 'x.clean.wav'])
  })

  it('never takes its own outputs (each run would clean the last one again)', async () => {
    make('in/a.wav', 'in/a.clean.wav', 'in/a.clean (2).wav', 'in/.a.wav.1-00000000.part', 'in/out/a.wav')
    expect(names(await scan(['in']))).toEqual(['a.wav', 'out/a.wav'])
    const result = await scan(['in'], { outDir: path.join(root, 'in', 'out') })
    expect(names(result)).toEqual(['a.wav'])
    expect(result.skipped).toContainEqual({ path: path.join(root, 'in', 'out'), reason: 'own output' })
  })

  it('with an output folder takes a .clean file whose source is not beside it (someone else calls a file so)', async () => {
    make('in/a.flac', 'in/a.clean.wav', 'in/b.clean.wav')
    const result = await scan(['in'], { outDir: path.join(root, 'elsewhere') })
    expect(names(result)).toEqual(['a.flac', 'b.clean.wav'])
  })

  it('leaves out sub-folders of outputs, and outputs that the queue knows', async () => {
    make('in/a.wav', 'in/Clean/a.wav', 'in/sub/b.wav', 'in/sub/clean/b.wav', 'in/b done.wav')
    const isKnownOutput = (full: string): boolean => full.endsWith(' done.wav')
    const result = await scan(['in'], { outSubfolder: 'clean', isKnownOutput })
    expect(names(result)).toEqual(['a.wav', 'sub/b.wav'])
    expect(result.skipped.map(({ reason }) => reason)).toEqual(['own output', 'own output', 'own output'])
  })

  it('ends on loops, pipes, sockets, devices and broken links, and lists them (S32)', async () => {
    make('in/a.wav')
    const at = (name: string): string => path.join(root, 'in', name)
    symlinkSync('..', at('loop'))
    symlinkSync('/dev/zero', at('zero.wav'))
    symlinkSync('nowhere', at('gone.wav'))
    execFileSync('mkfifo', [at('pipe.wav')])
    const server = createServer().listen(at('socket.wav'))
    await new Promise((resolve) => server.once('listening', resolve))
    const started = performance.now()
    const result = await scan(['in'])
    server.close()
    expect(performance.now() - started).toBeLessThan(2000)
    // The loop leads over the root's parent: `in` is found a second time there and not read again.
    expect(names(result)).toEqual(['a.wav'])
    expect(result.skipped.map(({ path: full, reason }) => [path.relative(root, full), reason])).toEqual([
      ['in/gone.wav', 'broken link'],
      ['in/loop/in', 'seen already'],
      ['in/pipe.wav', 'special file'],
      ['in/socket.wav', 'special file'],
      ['in/zero.wav', 'special file']
    ])
  })

  it('follows a link to a folder once', async () => {
    make('store/b.wav', 'in/a.wav')
    symlinkSync('../store', path.join(root, 'in', 'linked'))
    expect(names(await scan(['in']))).toEqual(['a.wav', 'linked/b.wav'].sort())
  })

  it('stops at its depth and at its number of files, and says so', async () => {
    make('in/1/2/3/deep.wav', 'in/1/a.wav', 'in/1/b.wav')
    expect((await scan(['in'], { maxDepth: 2 })).skipped[0]).toMatchObject({ reason: 'too deep' })
    expect(await scan(['in'], { maxFiles: 2 })).toMatchObject({ cutShort: true, files: { length: 2 } })
  })

  it('goes 32 folders deep where nobody says otherwise, and no further', async () => {
    const folders = Array.from({ length: 33 }, (_, n) => `${n}`)
    make(`in/${folders.slice(0, 32).join('/')}/there.wav`, `in/${folders.join('/')}/too deep.wav`)
    const { files, skipped } = await scan(['in'])
    expect(files.map((file) => path.basename(file.path))).toEqual(['there.wav'])
    expect(skipped).toMatchObject([{ reason: 'too deep' }])
  })

  it('lists a name that is not UTF-8 instead of failing on a name that does not exist', async () => {
    make('in/a.wav')
    writeFileSync(
      Buffer.concat([Buffer.from(path.join(root, 'in/')), Buffer.from([0xff, 0xfe]), Buffer.from('.wav')]),
      'x'
    )
    const result = await scan(['in'])
    expect(names(result)).toEqual(['a.wav'])
    expect(result.skipped[0]).toMatchObject({ reason: 'name is not UTF-8' })
  })

  it('refuses an input that is not there, and one that is a device', async () => {
    await expect(scan(['nope'])).rejects.toMatchObject({ code: 'E_IO' })
    await expect(scanInputs(['/dev/null'], { recursive: true, outDir: null })).rejects.toMatchObject({
      code: 'E_UNSUPPORTED'
    })
  })

  it('reads 10,000 files in two seconds (R37)', async () => {
    mkdirSync(path.join(root, 'big'))
    for (let n = 0; n < 10_000; n++) writeFileSync(path.join(root, 'big', `${n}.wav`), '')
    const started = process.cpuUsage()
    expect((await scan(['big'])).files).toHaveLength(10_000)
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1e6).toBeLessThan(4)
  })
})
