/** `node scripts/longForm.mjs [vitest's options]`: the tests in their long form (STILLWAVE_LONG=1), on every system. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const env = { ...process.env, STILLWAVE_LONG: '1' }
const { status } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  env,
  stdio: 'inherit'
})
process.exitCode = status ?? 1
