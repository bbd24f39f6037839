import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { plainWav } from '../../src/shared/wav/plainWav'
import { projectRoot } from '../projectRoot'
import { partsIn, untilPart } from './disturbed'
import { live } from './life'
import { heldBy, type Held } from './processFacts'
import { atMost, none, type Promised } from './promises'
import { ffmpegForSeeds } from './seeds'
import { tinyNetwork } from './tinyNetwork'

export interface BombPlan {
  readonly folder: string
  readonly minutes: number
  readonly say: (line: string) => void
}

const HOURS = 100
const COMMAND = path.join(projectRoot, 'out/main/headless.js')

/** A hundred hours of one level, which lie on the disk as a few MB: so long is looked at what cleaning them takes, then they are cancelled. */
export async function bomb({ folder, minutes, say }: BombPlan): Promise<readonly Promised[]> {
  const model = await tinyNetwork(folder)
  const bombs = { 'own reader': wavBomb(folder), decoder: flacBomb(await ffmpegForSeeds(), folder) }
  const rows: Promised[] = []
  for (const [how, source] of Object.entries(bombs)) {
    const [outDir, held] = [path.join(folder, `${how} out`), [] as Held[]]
    mkdirSync(outDir)
    const life = await live({
      args: [COMMAND, source, '--out', outDir, '--model', model, '--format', 'wav16'],
      env: { STILLWAVE_DATA: path.join(folder, 'data') },
      ...{ killAfterMs: null, wholeGroup: true, signal: 'SIGINT' },
      meanwhile: async (living) => {
        if (!(await untilPart(outDir, living))) return
        const untilMs = performance.now() + minutes * 60_000
        while (!living.isOver() && performance.now() < untilMs) {
          const now = heldBy(living.pid)
          if (now) held.push(now)
          await sleep(200)
        }
        living.strike()
      }
    })
    const wrong = [...life.strays.map((pid) => `process ${pid} stayed`), ...partsIn(outDir)]
    if (life.code !== 0 && life.code !== 130) wrong.push(`exit code ${life.code}: ${life.stderr.slice(-300)}`)
    say(`${how}: ${life.code === 0 ? 'done' : 'cancelled'} after ${(life.tookMs / 1000).toFixed(0)} s`)
    const most = (looks: readonly Held[], key: 'mainMb' | 'engineMb'): number =>
      Math.max(...looks.map((one) => one[key]))
    // The engine loads its model between the first looks: what grows with the length goes on growing after half of it.
    const middle = held.length >> 1
    const inEngine = most(held.slice(middle), 'engineMb') - most(held.slice(0, middle), 'engineMb')
    rows.push(
      none(`${how}: wrong ends, parts and processes left`, wrong),
      { promise: `${how}: looks at memory`, found: String(held.length), kept: held.length > 10 },
      atMost(`${how}: MB more in main`, held.length > 0 ? most(held, 'mainMb') - held[0]!.mainMb : NaN, 50),
      atMost(`${how}: MB more in the engine in the second half`, held.length > 1 ? inEngine : NaN, 50)
    )
    rmSync(outDir, { recursive: true })
    rmSync(source)
  }
  return rows
}

/** As long as the header can say at 8 bits of a telephone's rate: 4.3 GB that were never written. At 8 bits a hole in a file is no silence: the model runs. */
function wavBomb(folder: string): string {
  const file = path.join(folder, 'bomb.wav')
  const header = Buffer.from(plainWav({ sampleRateHz: 8000, channels: 1, frames: 0 }, () => 0))
  const dataBytes = Math.min(HOURS * 3600 * 8000, 0xffff_ff00)
  header.writeUInt32LE(8000, 28)
  header.writeUInt16LE(1, 32)
  header.writeUInt16LE(8, 34)
  header.writeUInt32LE(dataBytes + 36, 4)
  header.writeUInt32LE(dataBytes, 40)
  const handle = openSync(file, 'w')
  writeSync(handle, header)
  ftruncateSync(handle, header.length + dataBytes)
  closeSync(handle)
  return file
}

function flacBomb(ffmpeg: string, folder: string): string {
  const file = path.join(folder, 'bomb.flac')
  const silence = ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', String(HOURS * 3600)]
  execFileSync(ffmpeg, ['-v', 'error', '-nostdin', '-y', ...silence, '-compression_level', '0', file])
  return file
}
