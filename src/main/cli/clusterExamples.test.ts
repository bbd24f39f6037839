import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { OPTION_NAMES, parseCommand } from './args'
import { HELP } from './help'
import { MERGE_OPTION_NAMES } from './mergeCommand'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const EXAMPLES = ['slurm.sbatch', 'kubernetes.yaml', 'parallel.sh'].map((name) => `build/cluster/${name}`)

/** The command's options in a text: what follows `denoise` or the built command, up to the end of the continued line. */
function optionsIn(text: string): string[] {
  const calls = text.replaceAll(/\\\n\s*/gu, ' ').match(/(?:denoise -- |headless\.js |stillwave \/in )[^\n]*/gu) ?? []
  return calls.flatMap((call) => [...call.matchAll(/\s--([a-z][a-z-]*)/gu)].map((match) => match[1]!))
}

test.each([...EXAMPLES, 'docs/clusters.md'])(
  '%s names options that exist (an example that is refused on every node)',
  (name) => {
    const found = optionsIn(readFileSync(path.join(ROOT, name), 'utf8'))
    expect(found).toContain('shard')
    const known = new Set([...OPTION_NAMES, ...MERGE_OPTION_NAMES])
    expect(found.filter((option) => !known.has(option))).toEqual([])
  }
)

test.each(['build/cluster/slurm.sbatch', 'build/cluster/parallel.sh'])('%s is a shell script', (name) => {
  execFileSync('bash', ['-n', path.join(ROOT, name)])
})

test('a share of each example is one that the command takes, and the help names it', () => {
  for (const shard of ['1/16', '16/16']) {
    expect(parseCommand(['in', '--shard', shard])).toMatchObject({ args: { shard: { count: 16 } } })
  }
  expect(HELP).toContain('--shard K/N')
})
