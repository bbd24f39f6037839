import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { finalExtension, plannedExtension } from './audioNames'
import { isInside } from './fileNames'
import { hostileNames } from './hostileNames.testkit'
import type { OnExists } from '../../shared/settings/choices'
import { DEFAULT_JOB_SETTINGS, type OutputSettings } from '../../shared/settings/jobSettings'
import { OutputClaims } from './outputClaims'
import { planOutputs, type PlannedFile } from './outputPlan'
import { scanInputs, type ScannedFile } from './scanInputs'

let root: string
let out: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'stillwave-plan-')))
  out = path.join(root, 'out')
  mkdirSync(out)
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const make = (...names: string[]): void => {
  for (const name of names) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), name)
  }
}

type OutputPlan = readonly PlannedFile[]

interface Wish {
  readonly outDir?: string | null
  readonly onExists?: OnExists
  readonly output?: Partial<OutputSettings>
}
const settings = ({ outDir = out, onExists = 'skip', output = {} }: Wish): OutputSettings => ({
  ...DEFAULT_JOB_SETTINGS.output,
  place: outDir === null ? 'beside' : 'tree',
  folder: outDir,
  subfolder: 'clean',
  pattern: outDir === null ? '{name}.clean' : '{name}',
  onExists,
  ...output
})
async function planFiles(
  files: readonly Omit<ScannedFile, 'id'>[],
  folders: readonly string[],
  wish: Wish
): Promise<OutputPlan> {
  const claims = await OutputClaims.of(files)
  const items = files.map((file, n) => ({ ...file, id: String(n) }))
  const modelId = '/models/my net.onnx'
  return planOutputs(items, { output: settings(wish), modelId, claims, folders, now: new Date(2026, 2, 9) })
}
async function plan(inputs: readonly string[], wish: Wish = {}): Promise<OutputPlan> {
  const paths = inputs.map((input) => path.join(root, input))
  const { files, folders } = await scanInputs(paths, { recursive: true, outDir: settings(wish).folder })
  return planFiles(files, folders, wish)
}
const outputs = (files: OutputPlan, from = out): (string | null)[] =>
  files.map((file) => file.outputPath && path.relative(from, file.outputPath))
const errors = (files: OutputPlan): (string | undefined)[] => files.map((file) => file.error?.code)

describe('planOutputs', () => {
  it('keeps the tree of one folder, and what cannot be written becomes .wav', async () => {
    make('in/a.wav', 'in/sub/b.AU', 'in/sub/c.aiff', 'in/sub/d.mp3')
    expect(outputs(await plan(['in']))).toEqual(['a.wav', 'sub/b.wav', 'sub/c.aiff', 'sub/d.mp3'])
  })

  it('goes by the format that was asked for, and keeps apart what then has one name (two sources in one result)', async () => {
    make('in/a.wav', 'in/a.mp3', 'in/b.FLAC')
    const names = outputs(await plan(['in'], { output: { format: 'flac' } }))
    expect([...names].sort()).toEqual(['a.flac', 'a.wav.flac', 'b.FLAC'])
  })

  it('keeps several folders apart, also those of one name', async () => {
    make('x/rec/a.wav', 'y/rec/a.wav', 'single.wav')
    expect(outputs(await plan(['x/rec', 'y/rec', 'single.wav']))).toEqual(['rec/a.wav', 'rec (2)/a.wav', 'single.wav'])
  })

  it('gives N inputs N outputs on any file system (S30); who keeps its extension keeps its name', async () => {
    make('1/a.mp4', '2/a.wav', '3/A.WAV', '4/a.au', '5/a.mp4')
    const files = ['1/a.mp4', '2/a.wav', '3/A.WAV', '4/a.au', '5/a.mp4']
    const names = outputs(await plan(files))
    expect(names).toEqual(['a.mp4', 'a.wav', 'A (2).WAV', 'a.au.wav', 'a (2).mp4'])
    expect(new Set(names.map((name) => name?.toLowerCase())).size).toBe(5)
  })

  it('tells two Unicode spellings of one name apart', async () => {
    make('1/caf\u00e9.wav', '2/cafe\u0301.wav')
    expect(
      new Set(outputs(await plan(['1/caf\u00e9.wav', '2/cafe\u0301.wav'])).map((name) => name?.normalize())).size
    ).toBe(2)
  })

  it('writes beside the source as name.clean.ext', async () => {
    make('in/a.wav', 'in/b.ogg')
    expect(outputs(await plan(['in'], { outDir: null }), path.join(root, 'in'))).toEqual(['a.clean.wav', 'b.clean.ogg'])
  })

  it('writes into a sub-folder of each source folder, and flat into one folder', async () => {
    make('in/a.wav', 'in/deep/b.ogg', 'in/deep/a.wav')
    const beside = await plan(['in'], { outDir: null, output: { place: 'subfolder', subfolder: '../clean' } })
    expect(outputs(beside, path.join(root, 'in')).sort()).toEqual([
      '.._clean/a.clean.wav',
      'deep/.._clean/a.clean.wav',
      'deep/.._clean/b.clean.ogg'
    ])
    expect(outputs(await plan(['in'], { output: { place: 'folder' } })).sort()).toEqual(['a (2).wav', 'a.wav', 'b.ogg'])
  })

  it('names by the pattern, and keeps what follows the name when a long name is cut', async () => {
    const long = 'y'.repeat(251)
    make('in/take.mp3', `in/${long}.wav`)
    const named = outputs(await plan(['in'], { output: { pattern: '{date} {folder} {name}_dn' } }))
    expect(named).toEqual(['2026-03-09 in take_dn.mp3', `2026-03-09 in ${'y'.repeat(234)}_dn.wav`])
  })

  it('numbers files in their order, as wide as the last number, also where a long name is cut (10 came before 9)', async () => {
    const long = 'y'.repeat(251)
    make(...Array.from({ length: 9 }, (_, n) => `in/t${n}.wav`), `in/${long}.wav`)
    const named = outputs(await plan(['in'], { output: { pattern: '{name}-{n}' } }))
    expect(named.slice(0, 2)).toEqual(['t0-01.wav', 't1-02.wav'])
    expect(named.at(-1)).toBe(`${'y'.repeat(248)}-10.wav`)
    const models = outputs(await plan(['in/t0.wav', 'in/t1.wav'], { output: { pattern: '{model}' } }))
    expect(models).toEqual(['my net.wav', 'my net (2).wav'])
  })

  it('knows the places that the queue has given away, and gives a job its own again', async () => {
    make('in/a.wav')
    const [file] = (await scanInputs([path.join(root, 'in')], { recursive: true, outDir: out })).files
    const claims = await OutputClaims.of([file!])
    const options = { output: settings({}), modelId: 'm', claims, folders: [] }
    const place = async (id: string): Promise<string | null> =>
      (await planOutputs([{ ...file!, id }], options))[0]!.outputPath
    expect([await place('x'), await place('x'), await place('y')].map((full) => path.basename(full!))).toEqual([
      'a.wav',
      'a.wav',
      'a (2).wav'
    ])
    claims.release(path.join(out, 'a.wav'), 'x')
    expect(path.basename((await place('z'))!)).toBe('a.wav')
  })

  it('refuses an output that is an input, by whatever alias, before any work (S29)', async () => {
    make(
      'out/same.wav',
      'in/hard.wav',
      'in/soft.wav',
      'in/CASE.WAV',
      'out/case.wav',
      'in/other.wav',
      'out/other.wav',
      'in/free.wav',
      `out/${'café'.normalize('NFC')}.wav`,
      `in/${'café'.normalize('NFD')}.wav`
    )
    linkSync(path.join(root, 'in/hard.wav'), path.join(out, 'hard.wav'))
    symlinkSync('../in/soft.wav', path.join(out, 'soft.wav'))
    symlinkSync('out', path.join(root, 'alias'))
    for (const onExists of ['skip', 'overwrite'] as const) {
      const refused = await plan(
        [
          'out/same.wav',
          'in/hard.wav',
          'in/soft.wav',
          'in/other.wav',
          'in/../out/other.wav',
          'alias/case.wav',
          'in/CASE.WAV',
          `out/${'café'.normalize('NFC')}.wav`,
          // Another file here, the same on macOS and on some network disks.
          `in/${'café'.normalize('NFD')}.wav`,
          'in/free.wav'
        ],
        { onExists }
      )
      expect(errors(refused)).toEqual([...Array<string>(9).fill('E_SAME_FILE'), undefined])
    }
    expect(outputs(await plan(['out/same.wav'], { onExists: 'rename' }))).toEqual(['same (2).wav'])
  })

  it('finds a free name when it may rename, and takes the taken one when it may not', async () => {
    make('in/a.wav', 'out/a.wav', 'out/a (2).wav')
    expect(outputs(await plan(['in'], { onExists: 'rename' }))).toEqual(['a (3).wav'])
    expect(outputs(await plan(['in'], { onExists: 'overwrite' }))).toEqual(['a.wav'])
  })

  it('gives 10,000 files of one wished name their numbers in seconds (a pattern without {name} froze the app)', async () => {
    const identity = { device: '1', inode: '1', sizeBytes: 1, modifiedNs: '1' }
    const files = Array.from({ length: 10_000 }, (_, n) => {
      const relativePath = `${n}.wav`
      return { path: path.join(root, relativePath), root, relativePath, explicit: false, identity }
    })
    const began = process.cpuUsage()
    const planned = await planFiles(files, [root], { output: { pattern: '{date}' } })
    const { user, system } = process.cpuUsage(began)
    expect(new Set(planned.map(({ outputPath }) => outputPath)).size).toBe(10_000)
    expect(path.basename(planned.at(-1)!.outputPath!)).toBe('2026-03-09 (10000).wav')
    expect((user + system) / 1e6).toBeLessThan(5)
  })

  it('cuts names that would be too long, and keeps them apart', async () => {
    const long = 'x'.repeat(251)
    make(`in/${long}.wav`)
    const [beside] = outputs(await plan(['in'], { outDir: null }), path.join(root, 'in'))
    expect(beside).toBe(`${'x'.repeat(245)}.clean.wav`)
  })

  it('never leaves the output folder and never gives a path twice, for 2,000 hostile trees (S27)', async () => {
    const names = hostileNames(4000, 11)
    const identity = { device: '0', inode: '0', sizeBytes: 0, modifiedNs: '0' }
    const files = Array.from({ length: 2000 }, (_, n): ScannedFile => {
      const relativePath = path.join(names[2 * n]!, names[2 * n + 1]!.slice(0, 400))
      return { path: `/nowhere/${n}/${names[2 * n + 1]!}`, root: '/nowhere', relativePath, explicit: false, identity }
    })
    for (const place of ['tree', 'folder'] as const) {
      const planned = await planFiles(files, ['/nowhere'], { output: { place, pattern: '{folder}-{name}' } })
      const targets = planned.map((file) => file.outputPath!)
      expect(targets.filter((target) => !isInside(out, target))).toEqual([])
      expect(new Set(targets).size).toBe(2000)
    }
  })
})

describe('extensions', () => {
  it.each([
    ['.wav', '.wav'],
    ['.WAV', '.WAV'],
    ['.aifc', '.aifc'],
    ['.w64', '.w64'],
    ['.mp3', '.mp3'],
    ['.Flac', '.Flac'],
    ['.wma', '.m4a'],
    ['.ape', '.flac'],
    ['.mkv', '.mkv'],
    ['.MPG', '.mkv'],
    ['', '.wav']
  ])('%j is planned as %s', (source, planned) => {
    expect(plannedExtension(source)).toBe(planned)
  })

  it('a film of which only the sound is wanted is a WAV, and one in another format too (an .mp4 full of PCM)', () => {
    expect(plannedExtension('.mp4', 'source', 'sound')).toBe('.wav')
    expect(plannedExtension('.mp4', 'm4a', 'replace')).toBe('.m4a')
  })

  it.each([
    ['.mp4', '.m4a', '.m4a'],
    ['.MOV', '.mp4', '.MOV'],
    ['.wav', '.wav', '.wav'],
    ['.WAVE', '.wav', '.WAVE'],
    ['.aif', '.aiff', '.aif'],
    ['.wav', '.aiff', '.aiff'],
    ['.aiff', '.wav', '.wav'],
    ['.ogg', '.opus', '.ogg'],
    ['.mp3', '.m4a', '.m4a']
  ])('planned %s, written %s: it is called %s (a name that lies about its content)', (planned, written, name) => {
    expect(finalExtension(planned, written)).toBe(name)
  })
})
