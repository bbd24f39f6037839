import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { journalFuzz } from './journalFuzz'
import { Random } from './random'

const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-journals-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

it('500 damaged lists open, hold whole jobs only, and say that something is lost (an app that never starts again, R18)', async () => {
  const plan = { folder, mutants: 500, starts: 0, random: new Random(20261123), say: () => undefined }
  const tally = await journalFuzz(plan)
  expect(tally.faults).toEqual([])
  expect(tally.told).toBeGreaterThan(100)
  expect(tally.slowestMs).toBeLessThan(5000)
})
