import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { toAppError } from '../../shared/errors/appError'
import type { SourceIdentity } from '../../shared/jobs/job'
import { assertUnchanged, identityOf } from './sourceIdentity'

let root: string
let file: string
let identity: SourceIdentity
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'identity-'))
  file = path.join(root, 'in', 'a.wav')
  mkdirSync(path.dirname(file))
  writeFileSync(file, 'sound')
  identity = identityOf(statSync(file, { bigint: true }))
})
afterEach(() => {
  rmSync(root, { recursive: true })
})
const codeNow = (asked = identity): Promise<string> =>
  assertUnchanged(file, asked).then(
    () => 'same',
    (thrown: unknown) => toAppError(thrown).code
  )

it('tells a file that was deleted or moved from one whose disk is gone (R16: the first stopped nothing but was told as a fault of the disk)', async () => {
  expect(await codeNow()).toBe('same')
  renameSync(file, `${file}.away`)
  expect(await codeNow()).toBe('E_SOURCE_CHANGED')
  // What is left of a mount is a bare folder on another disk.
  expect(await codeNow({ ...identity, device: '0' })).toBe('E_IO')
  rmSync(path.dirname(file), { recursive: true })
  expect(await codeNow()).toBe('E_IO')
})
