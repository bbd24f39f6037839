import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeSources } from '../../scripts/reliability/killBatch'
import { diskCalls, TRACED_CALLS } from '../../scripts/reliability/diskOrder'
import { powerLosses, type PowerLoss, type PowerLossPlan } from '../../scripts/reliability/powerLoss'
import { tinyNetwork } from '../../scripts/reliability/tinyNetwork'
import { readJournal } from '../../src/main/jobs/journalLines'

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-power-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

const strace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
if (!strace && process.env.CI === 'true') throw new Error('strace is missing or may not trace')
if (!strace) console.info('skipped: a loss of power (needs strace)')

const FILES = 2
/** Two files make about 100 states, a few less where writes happen to go together; a trace that misses them has 0. */
const LEAST_STATES = 40
const built = path.resolve(import.meta.dirname, '../../out')

/** What a loss of power could leave at any moment of a program's life; what it prints goes to `told.txt`. */
function lossesOf(folder: string, args: readonly string[], plan: PowerLossPlan): PowerLoss {
  const [trace, printed] = [path.join(folder, 'trace'), openSync(path.join(folder, 'told.txt'), 'w')]
  const options = ['-f', '-y', '-qq', '-s', '1000000', '-e', `trace=${TRACED_CALLS}`, '-o', trace]
  const traced = spawnSync('strace', [...options, process.execPath, ...args], {
    env: { ...process.env, STILLWAVE_DATA: path.join(folder, 'data') },
    stdio: ['ignore', printed, 'pipe']
  })
  closeSync(printed)
  expect(traced.status, traced.stderr.toString()).toBe(0)
  const calls = diskCalls(readFileSync(trace, 'utf8')).filter((call) => JSON.stringify(call).includes(folder))
  return powerLosses(calls, plan)
}

describe.skipIf(!strace)('a loss of power at any moment (R19)', () => {
  it('leaves each output of the list absent or whole, and each that its journal calls done in its place', () => {
    const folder = path.join(root, 'list')
    makeSources(path.join(folder, 'in'), FILES)
    const finals = new Set<string>()
    const { torn, lost, states } = lossesOf(
      folder,
      [path.join(built, 'scripts/reliabilityCore.js'), folder, path.resolve('models'), path.join(built, 'main')],
      {
        isFinal: (file) => file.endsWith('.clean.wav') && !path.basename(file).startsWith('.'),
        toldBy: ({ path: file, text }) => {
          if (path.basename(file) !== 'queue.jsonl') return []
          const done = [...text.matchAll(/jobFinished.*?outputPath\\":\\"(.*?)\\"/gu)].map(([, output]) => output!)
          for (const output of done) finals.add(output)
          return done
        }
      }
    )
    expect({ torn, lost }).toEqual({ torn: [], lost: [] })
    expect(states).toBeGreaterThan(LEAST_STATES)
    expect(finals.size).toBe(FILES)
    const { state, damaged } = readJournal(readFileSync(path.join(folder, 'data/queue.jsonl')), 'x')
    expect([damaged, state.jobs.map(({ status }) => status.kind)]).toEqual([false, Array(FILES).fill('done')])
  })

  it('leaves each output of the command absent or whole, and what it called done in its new folders', async () => {
    const folder = path.join(root, 'command')
    mkdirSync(folder)
    makeSources(path.join(folder, 'in'), FILES)
    const model = await tinyNetwork(folder)
    const outDir = path.join(folder, 'new/deep')
    const words = [path.join(folder, 'in'), '--out', outDir, '--model', model]
    const finals = new Set<string>()
    const { torn, lost, states } = lossesOf(folder, [path.join(built, 'main/headless.js'), ...words], {
      isFinal: (file) => path.dirname(file) === outDir && !path.basename(file).startsWith('.'),
      toldBy: ({ path: file, text }) => {
        const [, name] = /^\[\d+\/\d+\] \S*\/(take-\d+\.wav) -> /u.exec(text) ?? []
        if (path.basename(file) !== 'told.txt' || name === undefined) return []
        finals.add(name)
        return [path.join(outDir, name)]
      }
    })
    expect({ torn, lost }).toEqual({ torn: [], lost: [] })
    expect(states).toBeGreaterThan(LEAST_STATES)
    expect(finals.size).toBe(FILES)
  })
})
