import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DEFAULT_JOB_SETTINGS, type JobSettings } from '../../shared/settings/jobSettings'
import { ChangeIndex, INDEX_NAME, markOf } from './changeIndex'

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-index-'))
afterAll(() => {
  rmSync(root, { recursive: true })
})
const never = new AbortController().signal
const source = path.join(root, 'a.wav')
const mark = (settings: JobSettings = DEFAULT_JOB_SETTINGS, model = 'weights'): ReturnType<typeof markOf> =>
  markOf(source, { settings, model }, never)

test('a result is current as long as its source, its settings and itself are the same, in a moved folder too', async () => {
  const folder = path.join(mkdtempSync(path.join(root, 'out-')), 'one')
  const moved = path.join(root, 'moved')
  const [planned, written] = [path.join(folder, 'a.mp3'), path.join(folder, 'a.wav')]
  mkdirSync(folder)
  writeFileSync(source, 'sound')
  writeFileSync(written, 'clean')
  const first = await mark()
  expect(await new ChangeIndex().isCurrent(planned, first)).toBe(false)
  await new ChangeIndex().remember(planned, written, first)
  expect(await new ChangeIndex().isCurrent(planned, first)).toBe(true)
  // A crash tears a line, another program appends after it.
  appendFileSync(path.join(folder, INDEX_NAME), '\n{"name":"b.w')
  await new ChangeIndex().remember(path.join(folder, 'c.wav'), path.join(folder, 'c.wav'), first)
  renameSync(folder, moved)
  const there = path.join(moved, 'a.mp3')
  expect(await new ChangeIndex().isCurrent(there, first)).toBe(true)
  expect(await new ChangeIndex().isCurrent(there, await mark({ ...DEFAULT_JOB_SETTINGS, strengthPercent: 50 }))).toBe(
    false
  )
  // An update of the app brings other weights under the same name.
  expect(await new ChangeIndex().isCurrent(there, await mark(DEFAULT_JOB_SETTINGS, 'others'))).toBe(false)
  const elsewhere = { ...DEFAULT_JOB_SETTINGS.output, folder: '/x', pattern: 'x', onExists: 'changed' as const }
  expect(await mark({ ...DEFAULT_JOB_SETTINGS, threads: 3, output: elsewhere })).toEqual(first)
  // A release that had no choice of tracks took the default one.
  const entries = Object.entries(DEFAULT_JOB_SETTINGS.output).filter(([key]) => key !== 'audioTrack')
  const before = Object.fromEntries(entries) as JobSettings['output']
  expect(await mark({ ...DEFAULT_JOB_SETTINGS, output: before })).toEqual(first)
  const second = { ...DEFAULT_JOB_SETTINGS.output, audioTrack: 2 }
  expect(await mark({ ...DEFAULT_JOB_SETTINGS, output: second })).not.toEqual(first)
  writeFileSync(source, 'sounD')
  expect(await new ChangeIndex().isCurrent(there, await mark())).toBe(false)
  rmSync(path.join(moved, 'a.wav'))
  expect(await new ChangeIndex().isCurrent(there, first)).toBe(false)
})

test('a source that is being hashed can be cancelled', async () => {
  await expect(
    markOf(source, { settings: DEFAULT_JOB_SETTINGS, model: '' }, AbortSignal.abort())
  ).rejects.toMatchObject({ code: 'E_CANCELLED' })
})

test('a folder that takes no line fails nothing, and is asked again the next time (a file with a result had failed)', async () => {
  const folder = path.join(root, 'odd')
  mkdirSync(path.join(folder, INDEX_NAME), { recursive: true })
  const made = path.join(folder, 'a.wav')
  writeFileSync(made, 'clean')
  const index = new ChangeIndex()
  await index.remember(made, made, await mark())
  expect(await index.isCurrent(made, await mark())).toBe(false)
})
