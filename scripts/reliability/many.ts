import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RunReport } from '../../src/main/reports/runReport'
import { projectRoot } from '../projectRoot'
import { live } from './life'
import { heldBy, type Held } from './processFacts'
import { atMost, none, type Promised } from './promises'
import { tinyNetwork } from './tinyNetwork'
import { writeWavering } from './wavering'

export interface ManyPlan {
  readonly folder: string
  readonly count: number
  readonly say: (line: string) => void
}

const COMMAND = path.join(projectRoot, 'out/main/headless.js')
const A_FOLDER = 500

/** A batch of ten thousand tiny files to its end. */
export async function many({ folder, count, say }: ManyPlan): Promise<readonly Promised[]> {
  const [input, outDir, report] = ['in', 'out', 'report.json'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string
  ]
  const model = await tinyNetwork(folder)
  const seed = path.join(folder, 'seed.wav')
  writeWavering(seed, 0.05)
  const bytes = readFileSync(seed)
  for (let n = 0; n < count; n++) {
    const sub = path.join(input, String(Math.floor(n / A_FOLDER)))
    if (n % A_FOLDER === 0) mkdirSync(sub, { recursive: true })
    writeFileSync(path.join(sub, `${n}.wav`), bytes)
  }
  const held: Held[] = []
  let told = 0
  const life = await live({
    args: [COMMAND, input, '--out', outDir, '--model', model, '--report', report],
    env: { STILLWAVE_DATA: path.join(folder, 'data') },
    ...{ killAfterMs: null, wholeGroup: true, from: '[1/' },
    heard: (text, pid) => {
      const done = Number([...text.matchAll(/^\[(\d+)\/\d+\]/gmu)].at(-1)?.[1] ?? 0)
      if (done < told + 100) return
      if (Math.floor(done / 2000) > Math.floor(told / 2000)) say(`${done} files`)
      told = done
      const now = heldBy(pid)
      if (now) held.push(now)
    }
  })
  const faults = life.strays.map((pid) => `process ${pid} stayed`)
  if (life.code !== 0) faults.push(`exit code ${life.code}: ${life.stderr.slice(-300)}`)
  const { files } = JSON.parse(readFileSync(report, 'utf8')) as RunReport
  faults.push(...files.filter(({ status }) => status !== 'done').map(({ input: name, status }) => `${name} ${status}`))
  const made = readdirSync(outDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  if (made.length !== count || files.length !== count)
    faults.push(`${made.length} outputs, ${files.length} in the report`)
  return [
    none('files that did not come through, processes left', faults),
    {
      promise: 'seconds from the start to the end of the first file',
      found: ((life.readyMs ?? NaN) / 1000).toFixed(1),
      kept: true
    },
    { promise: 'looks at memory', found: String(held.length), kept: held.length > 10 || count < 2000 },
    atMost('MB of main', Math.max(...held.map(({ mainMb }) => mainMb)), 300)
  ]
}
