/** Lint beside formatting, types and the build: two lanes, for two cores. Prints what each said, and fails where one did. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const LANES = [['npx eslint .'], ['npx prettier --check .', 'npm run -s typecheck', 'node scripts/ensureBuilt.mjs']]

/** Resolves to whether it was well. */
function run(command) {
  return new Promise((resolve) => {
    const child = spawn(command, { cwd: root, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (data) => (said += data))
    child.stderr.on('data', (data) => (said += data))
    child.on('close', (code) => {
      process.stdout.write(`${code === 0 ? 'well' : 'FAILED'}: ${command}\n${code === 0 ? '' : said}`)
      resolve(code === 0)
    })
  })
}

async function runLane(commands) {
  let isWell = true
  for (const command of commands) isWell = (await run(command)) && isWell
  return isWell
}

const results = await Promise.all(LANES.map(runLane))
process.exitCode = results.every(Boolean) ? 0 : 1
