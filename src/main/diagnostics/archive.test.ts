import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, hostname, tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { unzipSync } from 'fflate/browser'
import { afterAll, describe, expect, test } from 'vitest'
import { DEFAULT_APP_SETTINGS } from '../../shared/settings/appSettings'
import { layoutOf } from '../layout'
import { forkTransport, mediaForkTransport } from '../processes/forkTransport'
import { saveArchive } from './archive'
import { gather } from './gather'

const root = path.resolve(import.meta.dirname, '..', '..', '..')
const layout = layoutOf(path.join(root, 'out', 'main'))
const place = mkdtempSync(path.join(tmpdir(), 'stillwave-diagnostics-'))
afterAll(() => {
  rmSync(place, { recursive: true })
})

/** None of these may be in an archive, in any form. */
const SECRETS = [
  'Zebra interview',
  'Okapi-take',
  'Quagga',
  'Narwhal',
  'Tapir',
  'Axolotl',
  'Pangolin',
  'Dugong',
  'Manatee',
  'Wombat'
]

describe.skipIf(!existsSync(layout.enginePath))('a diagnostics archive', () => {
  test('holds versions, a self-test with figures and the log, and none of the secrets (a report gave away a name)', async () => {
    const dataFolder = path.join(place, 'Pangolin data')
    mkdirSync(path.join(dataFolder, 'logs'), { recursive: true })
    const settings = {
      ...DEFAULT_APP_SETTINGS,
      ffmpegPath: '/opt/Axolotl/ffmpeg',
      userPresets: [],
      watchedFolder: '/media/Dugong/in',
      includeFiles: 'Manatee*',
      excludeFiles: 'Wombat',
      job: {
        ...DEFAULT_APP_SETTINGS.job,
        modelId: 'Tapir-model',
        output: { ...DEFAULT_APP_SETTINGS.job.output, folder: '/media/Quagga/target', pattern: '{name} Narwhal' }
      }
    }
    writeFileSync(path.join(dataFolder, 'settings.json'), JSON.stringify(settings))
    const lines = [
      `error uncaught: E_IO: open '/media/Quagga/Zebra interview (1).wav' | at x (${root}/out/main/a.js:1:1)`,
      `warn a file failed: E_CORRUPT`,
      `info Okapi-take.flac was left out by ${userInfo().username} on ${hostname()} in ${homedir()}/Quagga`
    ]
    const log = lines.map((line) => `2026-11-23T05:00:00.000Z ${line}\n`).join('')
    writeFileSync(path.join(dataFolder, 'logs', 'main.log'), log)
    const gathered = await gather(
      {
        layout,
        dataFolder,
        openEngine: () => forkTransport(layout.enginePath),
        openMedia: () => mediaForkTransport(layout.mediaPath),
        names: () => ['Zebra interview'],
        log: () => undefined
      },
      new AbortController().signal
    )
    const target = path.join(place, 'd.zip')
    const saved = await saveArchive(gathered, target)
    expect(saved.files.map(({ name }) => name)).toEqual(['summary.txt', 'diagnostics.json', 'log.txt'])
    const texts = Object.values(unzipSync(readFileSync(target))).map((bytes) => new TextDecoder().decode(bytes))
    const all = texts.join('\n').toLowerCase()
    const people = [homedir(), hostname(), userInfo().username].filter((word) => word.length > 4)
    for (const secret of [...SECRETS, ...people, place]) expect(all).not.toContain(secret.toLowerCase())
    const { diagnostics } = gathered
    expect(diagnostics.selfTest).toMatchObject({ ok: true, audioSec: 1, device: 'cpu' })
    expect(diagnostics.models.length).toBeGreaterThan(0)
    expect(diagnostics.models.every(({ state }) => state === 'right')).toBe(true)
    expect(diagnostics.errors.map(({ code }) => code)).toEqual(['E_IO', 'E_CORRUPT'])
    expect(diagnostics.problems.map(({ id }) => id)).toContain('ffmpegChosen')
    expect(all).toContain('<app>/out/main/a.js:1:1')
  }, 60_000)

  test('that cannot be written leaves nothing behind and says where', async () => {
    const gone = path.join(place, 'no folder', 'd.zip')
    const gathered = { diagnostics: { problems: [] } as never, logLines: [] }
    await expect(saveArchive(gathered, gone)).rejects.toThrow()
    expect(existsSync(path.dirname(gone))).toBe(false)
  })
})
