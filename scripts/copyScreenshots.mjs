/** The last part of `npm run screenshots`: those that the README shows, out of all that the window's specs made. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const SHOWN = ['empty-en-light', 'paused-en-light', 'paused-en-dark', 'finished-zh-CN-light', 'failed-en-light']

mkdirSync(join(root, 'docs/screenshots'), { recursive: true })
for (const name of SHOWN) {
  copyFileSync(join(root, 'e2e-screenshots', `${name}.png`), join(root, 'docs/screenshots', `${name}.png`))
  console.log(`docs/screenshots/${name}.png`)
}
