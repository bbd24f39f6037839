import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CALL_FAULTS, callFaultPromises, callFaults } from '../../scripts/reliability/callFaults'
import { cancels } from '../../scripts/reliability/cancels'
import { changingSources } from '../../scripts/reliability/changingSources'
import { day } from '../../scripts/reliability/day'
import { engineFaults } from '../../scripts/reliability/engineFaults'
import { killPromises } from '../../scripts/reliability/killBatch'
import { quitQueue } from '../../scripts/reliability/kills'
import type { Promised } from '../../scripts/reliability/promises'
import { Random } from '../../scripts/reliability/random'
import { sleeps } from '../../scripts/reliability/sleeps'
import { isLongForm } from '../longForm'

if (!isLongForm) console.info('skipped: faults by the dozen (npm run test:long; in full: npm run reliability)')

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-trials-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

interface Room {
  readonly folder: string
  readonly random: Random
  readonly say: () => void
}

const TRIALS: readonly (readonly [string, (room: Room) => Promise<readonly Promised[]>])[] = [
  ['an engine that dies at each chunk (R2, R3) or falls silent (R4)', (room) => engineFaults({ ...room, count: 10 })],
  [
    'calls of the system that fail (R13)',
    async (room) => callFaultPromises(await callFaults({ ...room, files: 1, list: CALL_FAULTS.slice(0, -1) }))
  ],
  ['recordings that change while they are read (R16)', (room) => changingSources({ ...room, count: 12 })],
  ['a batch that is cancelled at any moment (R38)', (room) => cancels({ ...room, count: 20 })],
  [
    'an app that is asked to end at any moment (R41)',
    async (room) => killPromises(await quitQueue({ ...room, kills: 10, files: 6 }))
  ],
  ['a machine that sleeps, and a clock that jumps (R42)', (room) => sleeps({ ...room, count: 3, sleepSec: 30 })],
  ['a day over a watched folder with faults (R44), of three minutes', (room) => day({ ...room, minutes: 3 })]
]

describe.skipIf(!isLongForm)('faults by the dozen', () => {
  it.each(TRIALS)(
    '%s',
    async (title, run) => {
      const folder = path.join(root, String(TRIALS.findIndex(([name]) => name === title)))
      mkdirSync(folder)
      const rows = await run({ folder, random: new Random(20261123), say: () => undefined })
      expect(rows.filter(({ kept }) => !kept)).toEqual([])
    },
    600_000
  )
})
