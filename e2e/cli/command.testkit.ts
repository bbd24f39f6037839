import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { plainWav } from '../../src/shared/wav/plainWav'
import { convertStateDict } from '../../src/engine/model/convert'
import { formulaStateDict } from '../../src/engine/model/formulaWeights'
import type { RunReport as Report } from '../../src/main/reports/runReport'

/** The built command. */
export const COMMAND = path.resolve(import.meta.dirname, '../../out/main/headless.js')

/** What the command learns of memory stays out of the user's own folder. */
const DATA = mkdtempSync(path.join(tmpdir(), 'stillwave-cli-data-'))
process.on('exit', () => {
  rmSync(DATA, { recursive: true, force: true })
})

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Outcome>
  /** All that was printed so far. */
  readonly printed: () => string
}

/** The built command in a process of its own. */
export function startCommand(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}
): Running {
  if (!existsSync(COMMAND)) throw new Error('out/main/headless.js is missing: run `npm run build` first')
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: options.cwd,
    env: { STILLWAVE_DATA: DATA, ...(options.env ?? process.env) },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })
  return { child, ended, printed: () => stdout + stderr }
}

export function runCommand(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}
): Promise<Outcome> {
  return startCommand(args, options).ended
}

/** A folder for one test file, with a small real network in it (formula weights: it cleans nothing, but it is no stub). */
export class Workshop {
  readonly root = mkdtempSync(path.join(tmpdir(), 'stillwave-cli-'))
  readonly model = path.join(this.root, 'tiny.onnx')

  static async open(): Promise<Workshop> {
    const shop = new Workshop()
    await convertStateDict(formulaStateDict({ channels: 4, cascade: 1 }), shop.model)
    return shop
  }

  at(...parts: string[]): string {
    return path.join(this.root, ...parts)
  }

  write(name: string, bytes: Uint8Array | string): string {
    const full = this.at(name)
    mkdirSync(path.dirname(full), { recursive: true })
    writeFileSync(full, bytes)
    return full
  }

  /** A mono or stereo 16-bit WAV of a wavering tone in noise. */
  wav(name: string, durationSec: number, options: { sampleRateHz?: number; channels?: number } = {}): string {
    return this.write(name, wavBytes(durationSec, options.sampleRateHz ?? 16_000, options.channels ?? 1))
  }

  report(name = 'report.json'): Report {
    return JSON.parse(readFileSync(this.at(name), 'utf8')) as Report
  }

  /** Every file under a folder, relative, hidden ones too. */
  files(folder: string): string[] {
    if (!existsSync(this.at(folder))) return []
    const entries = readdirSync(this.at(folder), { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.at(folder), path.join(entry.parentPath, entry.name)))
      .sort()
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

export function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function wavBytes(durationSec: number, sampleRateHz: number, channels: number): Uint8Array {
  let state = 1
  return plainWav({ sampleRateHz, channels, frames: Math.round(durationSec * sampleRateHz) }, (frame, channel) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const at = (frame * channels + channel) / sampleRateHz
    return (state / 2 ** 32 - 0.5) * 2000 + 6000 * Math.sin(2 * Math.PI * 220 * at) * Math.sin(2 * Math.PI * 2 * at)
  })
}

/** The engine's pid: the only child that the command forks for itself. */
export function engineOf(command: ChildProcess): number | null {
  const children = readFileSync(`/proc/${command.pid}/task/${command.pid}/children`, 'utf8').trim().split(/\s+/u)
  const pid = Number(children[0])
  return children[0] === '' ? null : pid
}
