/** Says before the tests what this machine lacks, and so which of them skip: one line for each. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

function runs(program, args) {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const NEEDS = [
  ['ffmpeg is not on PATH', 'formats other than WAV and AIFF, films, tags', () => runs('ffmpeg', ['-version'])],
  ['strace does not run', 'what is written in which order, and what is opened', () => runs('strace', ['-V'])],
  ['out/main is not built (npm run build)', 'the built program', () => existsSync(join(root, 'out/main/engine.js'))],
  ['../shared/data is not here', 'scores on noisy and clean pairs', () => existsSync(join(root, '../shared/data/dev'))],
  [
    '../shared/audio-corpus is not here',
    'odd and broken files',
    () => existsSync(join(root, '../shared/audio-corpus'))
  ],
  [
    `this is ${process.platform}`,
    'what only Linux tells of processes, memory and disks',
    () => process.platform === 'linux'
  ]
]

for (const [what, skipped, isThere] of NEEDS) if (!isThere()) console.info(`${what}; skipped: ${skipped}`)
