import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { killCommand, killQueue } from '../../scripts/reliability/kills'
import { Random } from '../../scripts/reliability/random'
import { isLongForm } from '../longForm'

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-kills-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

// Ten each in the suite; `npm run reliability -- kills` has two hundred.
const kills = isLongForm ? 50 : 10

it.each([
  ['the command', 'command', killCommand],
  ['the list of the window', 'list', killQueue]
] as const)(
  '%s, killed again and again, loses nothing it told, does nothing twice and leaves nothing half (R1)',
  async (_, name, kill) => {
    const folder = path.join(root, name)
    mkdirSync(folder)
    const tally = await kill({ folder, kills, files: 6, random: new Random(kills), say: () => undefined })
    expect(tally).toMatchObject({ kills, damaged: [], lost: [], twice: [], left: [] })
    expect(tally.batches).toBeGreaterThan(0)
  },
  600_000
)
