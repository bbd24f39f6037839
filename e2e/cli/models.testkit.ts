import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from './command.testkit'

const COMMAND = path.resolve(import.meta.dirname, '../../out/scripts/model.js')

export interface RunningModel {
  readonly child: ChildProcess
  readonly ended: Promise<Outcome>
}

/** `npm run model -- ARGS --data DATA` as it was built, in a process of its own. */
export function startModel(data: string, ...args: readonly string[]): RunningModel {
  if (!existsSync(COMMAND)) throw new Error('out/scripts/model.js is missing: run `npm run build` first')
  const child = spawn(process.execPath, [COMMAND, ...args, '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })
  return { child, ended }
}

export function runModel(data: string, ...args: readonly string[]): Promise<Outcome> {
  return startModel(data, ...args).ended
}

/** What lies in the folder of the models, hidden names too. */
export function modelsIn(data: string): readonly string[] {
  const folder = path.join(data, 'models')
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

/** Waits until a conversion works: its folders are there, and its process. */
export async function untilConverting(data: string, { child }: RunningModel): Promise<void> {
  for (let n = 0; n < 4000; n++) {
    const building = modelsIn(data).find((name) => name.startsWith('.adding-'))
    if (building !== undefined && existsSync(path.join(data, 'models', building, 'fp16'))) {
      if (childrenOf(child).length > 0) return
    }
    await sleep(5)
  }
  throw new Error('no conversion began')
}

/** The processes that a command has started. */
export function childrenOf({ pid }: ChildProcess): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(/\s+/u).map(Number)
}
