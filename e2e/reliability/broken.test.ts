import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ffmpegForTests } from '../../src/audio/io/testing/fixtures'
import { cutPromises, cuts } from '../../scripts/reliability/cuts'
import { fuzz } from '../../scripts/reliability/fuzz'
import { Random } from '../../scripts/reliability/random'
import { isLongForm } from '../longForm'

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-broken-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})
const say = (): void => undefined
const ffmpeg = await ffmpegForTests()

describe.skipIf(ffmpeg === null)('broken recordings of fourteen formats through the built command', () => {
  it('each give a result or a typed refusal, and harm none of the others (R34)', async () => {
    const mutants = isLongForm ? 500 : 42
    const folder = mkdtempSync(path.join(root, 'fuzz-'))
    const tally = await fuzz({ folder, mutants, random: new Random(20261123), say })
    expect(tally.faults).toEqual([])
    expect(tally.longestGapSec).toBeLessThan(30)
    expect(tally.ends.get('done')).toBeGreaterThan(mutants / 5)
    expect(tally.ends.size).toBeGreaterThan(2)
  }, 600_000)

  it.skipIf(!isLongForm)(
    'are said to be cut, at 14 places each (R35)',
    async () => {
      const tally = await cuts({ folder: mkdtempSync(path.join(root, 'cuts-')), points: 14, say })
      expect(cutPromises(tally).filter(({ kept }) => !kept)).toEqual([])
    },
    600_000
  )
})
