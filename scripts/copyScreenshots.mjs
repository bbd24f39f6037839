/** Copies the views that the README shows from the suite's screenshots (`npm run screenshots` makes them first). */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const VIEWS = [
  'empty-en-light',
  'paused-en-light',
  'paused-en-dark',
  'failed-en-light',
  'finished-zh-CN-light',
  'player-en-light',
  'player-en-dark',
  'memory-zh-CN-light',
  'measure-en-light'
]

const root = join(import.meta.dirname, '..')
const target = join(root, 'docs', 'screenshots')
mkdirSync(target, { recursive: true })
for (const view of VIEWS) copyFileSync(join(root, 'e2e-screenshots', `${view}.png`), join(target, `${view}.png`))
console.log(`${VIEWS.length} screenshots copied to docs/screenshots`)
