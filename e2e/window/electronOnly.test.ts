import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { launchApp, Place } from './fixture'
import { LAUNCHER } from './launch'
import { treeOf } from './processTree'

const onElectron = LAUNCHER?.kind === 'electron' && process.platform === 'linux' && process.getuid?.() !== 0
if (!onElectron) {
  console.info(
    'Skipped: what only Electron itself can show, on Linux and not as root (the system’s sandbox around the page, and ' +
      'second windows that never come to be). docs/electron-only.md has the whole list.'
  )
}

describe.skipIf(!onElectron)('on Electron itself', () => {
  it('the page’s process is in the system’s sandbox, and window.open is null (S3, S8)', async () => {
    const place = new Place()
    const app = await launchApp({ place })
    try {
      const renderers = treeOf(app.pid).filter((pid) =>
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')
      )
      expect(renderers.length).toBeGreaterThan(0)
      for (const pid of renderers) expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Seccomp:\s*2$/mu)
      expect(await app.page.evaluate(() => window.open('about:blank') === null)).toBe(true)
    } finally {
      await app.close()
      place.remove()
    }
  })
})
