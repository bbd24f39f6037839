import {
  statSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toAppError } from '../../shared/errors/appError'
import type { OnExists } from '../../shared/settings/choices'
import { commitFs, commitOutput, renamePatiently, type CommitFs, type Committed } from './commitOutput'
import { ensureFolder, ensureFolderInside } from './folders'
import { OutputClaims } from './outputClaims'
import { assertWritable, newPartPath, removePart, sweepStaleParts } from './partFiles'

let root: string
let target: string
let part: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'stillwave-commit-'))
  target = path.join(root, 'a.wav')
  part = newPartPath(target)
  writeFileSync(part, 'clean')
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

interface Wish {
  readonly extension?: string
  readonly fs?: Partial<CommitFs>
  readonly taken?: readonly string[]
}
async function commit(onExists: OnExists, { extension = '.wav', fs = {}, taken = [] }: Wish = {}): Promise<Committed> {
  const claims = await OutputClaims.of([])
  claims.take(target, 'job')
  for (const one of taken) claims.take(one, 'another')
  return commitOutput(
    { partPath: part, plannedPath: target, extension, onExists, claims, owner: 'job' },
    { ...commitFs, ...fs }
  )
}
const failing = (code: string) => (): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }))
const content = (name: string): string => readFileSync(path.join(root, name), 'utf8')
const names = (): string[] => readdirSync(root).sort()

describe('commitOutput', () => {
  it.each(['skip', 'rename', 'overwrite'] as const)('gives the part its name (%s)', async (mode) => {
    expect(await commit(mode)).toEqual({ kind: 'written', path: target, warnings: [] })
    expect(names()).toEqual(['a.wav'])
  })

  it("gives the result its source's times (a folder sorted by date that shows the day of the run)", async () => {
    const source = path.join(root, 'source.wav')
    writeFileSync(source, 'original')
    utimesSync(source, 1_000_000, 2_000_000)
    const claims = await OutputClaims.of([])
    const request = { partPath: part, plannedPath: target, extension: '.wav', claims, owner: 'a', timesOf: source }
    expect(await commitOutput({ ...request, onExists: 'skip' })).toMatchObject({ kind: 'written', warnings: [] })
    const { mtimeMs, atimeMs } = statSync(target)
    expect([mtimeMs, atimeMs]).toEqual([2e9, 1e9])
  })

  it('keeps an output that appeared while the file was being worked on (R20)', async () => {
    writeFileSync(target, 'theirs')
    expect(await commit('skip')).toEqual({ kind: 'skipped', path: target, warnings: [] })
    expect([names(), content('a.wav')]).toEqual([['a.wav'], 'theirs'])
  })

  it('takes the next free name, and not one that another job was promised', async () => {
    writeFileSync(target, 'theirs')
    const promised = path.join(root, 'a (2).wav')
    expect(await commit('rename', { taken: [promised] })).toMatchObject({ path: path.join(root, 'a (3).wav') })
    expect(content('a.wav')).toBe('theirs')
  })

  it('overwrites in one step, and replaces a link instead of following it (S28)', async () => {
    const victim = path.join(root, 'victim')
    writeFileSync(victim, 'victim')
    symlinkSync(victim, target)
    await commit('overwrite')
    expect([content('victim'), content('a.wav')]).toEqual(['victim', 'clean'])
  })

  it('names the file after what was written, not after its source', async () => {
    expect(await commit('skip', { extension: '.aiff' })).toMatchObject({ path: path.join(root, 'a.aiff') })
  })

  it('waits for a target that another program holds for a moment, on Windows only and not for ever (R21)', async () => {
    let tries = 0
    const held = (code: string, times: number) => () => {
      if (++tries <= times) throw Object.assign(new Error(code), { code })
      return Promise.resolve()
    }
    const attempt = async (code: string, times: number, platform: NodeJS.Platform): Promise<[string, number]> => {
      tries = 0
      const how = { rename: async () => held(code, times)(), platform, patienceMs: 200 }
      const outcome = await renamePatiently('a', 'b', how).then(
        () => 'done',
        (error: unknown) => (error as { code: string }).code
      )
      return [outcome, tries]
    }
    for (const code of ['EPERM', 'EBUSY', 'EACCES']) expect(await attempt(code, 3, 'win32')).toEqual(['done', 4])
    expect(await attempt('EBUSY', 1, 'linux')).toEqual(['EBUSY', 1])
    expect(await attempt('ENOSPC', 1, 'win32')).toEqual(['ENOSPC', 1])
    const [outcome, times] = await attempt('EBUSY', Infinity, 'win32')
    expect(outcome).toBe('EBUSY')
    expect(times).toBeGreaterThan(3)
  })

  it.each(['EPERM', 'EOPNOTSUPP'])('does without hard links (%s), and still replaces nothing', async (code) => {
    expect(await commit('skip', { fs: { link: failing(code) } })).toMatchObject({ kind: 'written' })
    part = newPartPath(target)
    writeFileSync(part, 'second')
    expect(await commit('skip', { fs: { link: failing(code) } })).toMatchObject({ kind: 'skipped' })
    expect([names(), content('a.wav')]).toEqual([['a.wav'], 'clean'])
  })

  /** What the n-th call does, of all that a commit makes: it fails, and the others do as they do. */
  function failingAt(n: number, code: string): { readonly fs: CommitFs; readonly fired: () => string | null } {
    let [calls, fired] = [0, null as string | null]
    const at =
      (name: keyof CommitFs) =>
      async (...args: string[]) => {
        const real: (...args: string[]) => Promise<unknown> = commitFs[name]
        if (++calls !== n) return real(...args)
        fired = name
        return failing(code)()
      }
    const names = Object.keys(commitFs) as (keyof CommitFs)[]
    return { fs: Object.fromEntries(names.map((name) => [name, at(name)])) as unknown as CommitFs, fired: () => fired }
  }

  it.each([
    ['skip', 'EIO', ['link', 'unlink', 'syncFolder']],
    ['skip', 'ENOSPC', ['link', 'unlink', 'syncFolder']],
    // Without hard links it looks, and then renames.
    ['skip', 'EPERM', ['link', 'unlink', 'syncFolder']],
    ['rename', 'EMFILE', ['link', 'unlink', 'syncFolder']],
    ['overwrite', 'EIO', ['rename', 'syncFolder']],
    ['overwrite', 'EXDEV', ['rename', 'syncFolder']]
  ] as const)(
    'with %s is not done when any one of its calls fails (%s): nothing is left that looks done (R13)',
    async (mode, code, expected) => {
      const fired: string[] = []
      for (let n = 1; n < 10; n++) {
        for (const name of names()) rmSync(path.join(root, name))
        writeFileSync(part, 'clean')
        if (mode === 'overwrite') writeFileSync(target, 'old')
        const fault = failingAt(n, code)
        const outcome = await commit(mode, { fs: fault.fs }).catch((error: unknown) => error as Error)
        const call = fault.fired()
        if (call === null) break
        fired.push(call)
        // Another way to the name was found where there are no hard links.
        if (code === 'EPERM' && call === 'link') expect(outcome).toMatchObject({ kind: 'written' })
        else expect(outcome).toMatchObject({ code })
        if (mode === 'overwrite') expect(content('a.wav')).toBe(call === 'rename' ? 'old' : 'clean')
        else expect(existsSync(target)).toBe(code === 'EPERM' && call === 'link')
      }
      expect(fired).toEqual(expected)
    }
  )

  it('keeps the old output when the rename fails (R13)', async () => {
    writeFileSync(target, 'old')
    await expect(commit('overwrite', { fs: { rename: failing('EXDEV') } })).rejects.toMatchObject({ code: 'EXDEV' })
    expect(content('a.wav')).toBe('old')
  })
})

if (process.platform !== 'win32') console.info('skipped: a target that is locked (R21): only Windows locks files')

describe.skipIf(process.platform !== 'win32')('a target that another program holds (R21)', () => {
  /** Holds the target as a player does that shares nothing; resolves once it does. */
  async function held(seconds: number): Promise<void> {
    const script = `$f = [IO.File]::Open('${target}', 'Open', 'Read', 'None'); 'held'; Start-Sleep ${seconds}; $f.Close()`
    const holder = spawn('powershell.exe', ['-NoProfile', '-Command', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
  }

  beforeEach(() => {
    writeFileSync(target, 'old')
  })

  it('is replaced once it is let go', async () => {
    await held(2)
    await commit('overwrite')
    expect(readFileSync(target, 'utf8')).toBe('clean')
  })

  it('stays, and the file fails with a code, where it is not within five seconds', async () => {
    await held(12)
    const begunMs = performance.now()
    const thrown = await commit('overwrite').catch((error: unknown) => toAppError(error))
    expect(thrown).toMatchObject({ code: expect.stringMatching(/^E_(?:IO|READ_ONLY)$/u) as string })
    expect(performance.now() - begunMs).toBeLessThan(9000)
  })
})

describe('part files', () => {
  it('lie beside the output under a hidden name that fits, however long the output is', () => {
    const long = newPartPath(path.join(root, `${'\u6f22'.repeat(83)}.wav`))
    expect(path.dirname(long)).toBe(root)
    expect(path.basename(long)).toMatch(/^\..*\.part$/u)
    expect(Buffer.byteLength(path.basename(long))).toBeLessThanOrEqual(255)
  })

  it('are swept where their maker is dead, and only those (a running batch beside us would lose its file)', async () => {
    const dead = path.basename(newPartPath(target)).replace(/\.\d+-/u, '.4194303-')
    const otherMachine = dead.replace(/-..../u, '-zzzz'.replace(/z/gu, 'f'))
    const living = dead.replace('.4194303-', `.${process.ppid}-`)
    for (const name of [dead, otherMachine, living, '.notes.part', 'x.part']) writeFileSync(path.join(root, name), '')
    expect(await sweepStaleParts([root, root, path.join(root, 'nowhere')])).toEqual([path.join(root, dead)])
    expect(existsSync(part)).toBe(true)
    await removePart(part)
    expect(names()).toEqual([otherMachine, living, '.notes.part', 'x.part'].sort())
  })
})

describe('commitOutput over an input', () => {
  it('is refused with the overwrite rule: it was added while this one was in work', async () => {
    writeFileSync(target, 'original')
    const { dev, ino } = statSync(target, { bigint: true })
    const identity = { device: String(dev), inode: String(ino) }
    const claims = await OutputClaims.of([{ path: target, identity }])
    const request = { partPath: part, plannedPath: target, extension: '.wav', claims, owner: 'a' }
    await expect(commitOutput({ ...request, onExists: 'overwrite' })).rejects.toMatchObject({ code: 'E_SAME_FILE' })
    expect(readFileSync(target, 'utf8')).toBe('original')
  })
})

describe('parts that cannot be swept', () => {
  it('are left where they are (an app that did not start, its output disk being read-only now)', async () => {
    // A folder of that name cannot be removed as a file, whoever asks.
    const stuck = path.basename(newPartPath(target)).replace(/\.\d+-/u, '.4194303-')
    mkdirSync(path.join(root, stuck))
    expect(await sweepStaleParts([root])).toEqual([])
  })
})

describe('folders', () => {
  it('are made with all above them, and a folder that is there is no error', async () => {
    await ensureFolder(path.join(root, 'x/y/z'))
    await ensureFolder(path.join(root, 'x/y/z'))
    await assertWritable(path.join(root, 'x/y/z'))
    expect(readdirSync(path.join(root, 'x/y/z'))).toEqual([])
  })

  it('fail at once where nothing can be made (Node 20 goes round for ever on /proc)', async () => {
    await expect(ensureFolder('/proc/stillwave/x')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(ensureFolder(path.join(part, 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  it('that are links out of the output folder are refused (S28)', async () => {
    mkdirSync(path.join(root, 'out'))
    mkdirSync(path.join(root, 'elsewhere'))
    symlinkSync('../elsewhere', path.join(root, 'out/sub'))
    await expect(ensureFolderInside(path.join(root, 'out/sub'), path.join(root, 'out'))).rejects.toMatchObject({
      code: 'E_IO'
    })
    await ensureFolderInside(path.join(root, 'out/real'), path.join(root, 'out'))
  })
})
