import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCommand, type DenoiseArgs } from './args'
import { HELP } from './help'
import { MERGE_WORD } from './mergeCommand'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8')

/** Programs that only say what they were called with: a line for each call, its arguments as JSON. */
const PROGRAMS = ['npm', 'node', 'srun', 'parallel']

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'stillwave-cluster-'))
  for (const name of PROGRAMS) {
    const script = `#!/bin/sh\nexec "${process.execPath}" -e 'console.log(JSON.stringify(process.argv.slice(1)))' -- "$@"\n`
    writeFileSync(path.join(folder, name), script)
    chmodSync(path.join(folder, name), 0o755)
  }
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** What the shell makes of a script: the calls in it, in their order. */
function callsOf(command: string, args: readonly string[], env: Record<string, string> = {}): string[][] {
  const all = { PATH: `${folder}${path.delimiter}${process.env.PATH ?? ''}`, TMPDIR: folder, ...env }
  const printed = execFileSync(command, args, { env: all, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as string[])
}

/** The arguments of our command in a call, up to where GNU parallel's own values begin. */
function ownArgs(call: readonly string[]): readonly string[] {
  const end = call.indexOf(':::')
  const begin = call.findIndex((arg) => arg === '--' || arg.endsWith('headless.js'))
  return call.slice(begin + 1, end < 0 ? undefined : end)
}

function denoiseArgs(args: readonly string[]): DenoiseArgs {
  const command = parseCommand(args)
  if (command.kind !== 'denoise') throw new Error(`${args.join(' ')} is no work`)
  return command.args
}

describe.skipIf(process.platform === 'win32')('the examples for clusters (refused on every node)', () => {
  it('Slurm: each array task has its share, and some of them can be run again alone', () => {
    const script = path.join(ROOT, 'build/cluster/slurm.sbatch')
    const env = { SLURM_JOB_ID: '77', SLURM_ARRAY_TASK_ID: '3', SLURM_CPUS_PER_TASK: '4' }
    const inputs = ['/an in', path.join(folder, 'an out')]
    const [whole] = callsOf('bash', [script, ...inputs], { ...env, SLURM_ARRAY_TASK_COUNT: '16' })
    const [again] = callsOf('bash', [script, ...inputs, '16'], { ...env, SLURM_ARRAY_TASK_COUNT: '2' })
    for (const call of [whole!, again!]) {
      expect(denoiseArgs(ownArgs(call))).toMatchObject({
        inputs: ['/an in'],
        shard: { index: 3, count: 16 },
        threads: 4,
        reports: [path.join(folder, 'an out/reports/3-77.json')]
      })
    }
  })

  it('Kubernetes: each pod has its share, counted from one', () => {
    const [, block] = /args:\n\s+- \|\n((?: {14}.*\n)+)/u.exec(read('build/cluster/kubernetes.yaml')) ?? []
    const out = path.join(folder, 'k8s')
    const body = block!
      .replaceAll(/^ {14}/gmu, '')
      .replaceAll('/out', out)
      .replaceAll(`stillwave${out}`, 'stillwave/out')
    const [first, last] = ['0', '15'].map((index) => {
      const env = { JOB_COMPLETION_INDEX: index, HOSTNAME: `pod-${index}` }
      return denoiseArgs(ownArgs(callsOf('sh', ['-ec', body], env)[0]!))
    })
    expect(first).toMatchObject({ inputs: ['/in'], out: path.join(out, 'clean'), shard: { index: 1, count: 16 } })
    expect(last).toMatchObject({ shard: { index: 16, count: 16 }, reports: [path.join(out, 'reports/pod-15.json')] })
  })

  it('GNU parallel: from any folder, then the reports are joined', () => {
    const script = path.join(ROOT, 'build/cluster/parallel.sh')
    const [shares, merge] = callsOf('bash', [script, folder, path.join(folder, 'an out')])
    const filled = ownArgs(shares!).map((arg) => arg.replace('{1}', '4').replace('{2}', '/in').replace('{3}', '/out'))
    expect(denoiseArgs(filled)).toMatchObject({ inputs: ['/in'], out: '/out/clean', shard: { index: 4, count: 4 } })
    expect(ownArgs(merge!)[0]).toBe(MERGE_WORD)
  })
})

it('docs/clusters.md has commands that are taken, and the help names the option (a page that is copied from)', () => {
  const lines = read('docs/clusters.md').match(/(?<=denoise -- |run [^\n]* stillwave )\/[^\n]*/gu) ?? []
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(denoiseArgs(line.split(' ')).shard).not.toBeNull()
  expect(HELP).toContain('--shard K/N')
})

it('the Dockerfile starts a program that the build makes, with all that it reads', () => {
  const dockerfile = read('build/Dockerfile')
  expect(dockerfile).toContain('ENTRYPOINT ["node", "/opt/stillwave/out/main/headless.js"]')
  for (const read of ['node_modules', 'models', 'demo', 'out']) {
    expect(dockerfile).toContain(`COPY --from=build /opt/stillwave/${read} ${read}\n`)
  }
  // Without it npm downloads the CUDA libraries.
  expect(dockerfile).toMatch(/COPY [^\n]*\.npmrc/u)
})
