import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import type { Diagnostics } from '../../shared/ipc/diagnosticsViews'
import type { BenchReport } from '../../shared/ipc/benchViews'
import { DEFAULT_APP_SETTINGS, type SettingsPatch } from '../../shared/settings/appSettings'
import { REFUSED } from '../bench/report.testkit'
import type { AppCore } from '../core/appCore'
import type { RunReport } from '../reports/runReport'
import { electronHandlers } from './electronHandlers'
import { wordsOf } from './words'

const electron = vi.hoisted(() => ({
  opened: [] as string[],
  shown: [] as string[],
  copied: [] as string[],
  asked: [] as {
    title?: string
    properties?: string[]
    defaultPath?: string
    filters?: { extensions: string[] }[]
  }[],
  picked: [] as string[],
  saved: '',
  refusal: ''
}))
vi.mock('electron', () => ({
  shell: {
    openPath: async (path: string) => {
      electron.opened.push(path)
      return electron.refusal
    },
    showItemInFolder: (path: string) => electron.shown.push(path)
  },
  clipboard: {
    writeText: async (text: string) => {
      electron.copied.push(text)
    }
  },
  dialog: {
    showOpenDialog: async (options: { title?: string }) => {
      electron.asked.push(options)
      return { canceled: electron.picked.length === 0, filePaths: electron.picked }
    },
    showSaveDialog: async (options: { title?: string; defaultPath?: string }) => {
      electron.asked.push(options)
      return { canceled: electron.saved === '', filePath: electron.saved }
    }
  }
}))

const home = mkdtempSync(path.join(tmpdir(), 'stillwave-handlers-'))
afterAll(() => {
  rmSync(home, { recursive: true })
})

beforeEach(() => {
  for (const list of [electron.opened, electron.shown, electron.copied, electron.asked]) list.length = 0
  electron.picked = []
  electron.saved = ''
  electron.refusal = ''
})

const RUN_REPORT: RunReport = {
  ...{
    version: '1',
    model: 'm',
    device: null,
    precision: null,
    precisionReason: null,
    settings: {},
    shard: null,
    files: []
  },
  totals: { done: 0, failed: 0, skipped: 0, cancelled: 0, audioSec: 0, wallSec: null, rtf: null, peakRssBytes: 0 }
}

/** A core that knows one job, whose file is at `filePath`. */
function setUp(
  filePath = '/music/a.wav',
  report: BenchReport | null = null
): {
  handlers: ReturnType<typeof electronHandlers>
  added: (readonly string[])[]
  patches: SettingsPatch[]
} {
  const added: (readonly string[])[] = []
  const patches: SettingsPatch[] = []
  const core = {
    settings: DEFAULT_APP_SETTINGS,
    addPaths: async (paths: readonly string[]) => {
      added.push(paths)
      return { scanId: 's' }
    },
    pathOf: async (jobId: string) => {
      if (jobId !== 'a') throw new AppError('E_IO')
      return filePath
    },
    runReport: () => RUN_REPORT,
    reportOf: (jobId: string) => `report of ${jobId}`,
    patchSettings: async (patch: SettingsPatch) => {
      patches.push(patch)
      return DEFAULT_APP_SETTINGS
    },
    services: {
      bench: { report },
      models: {
        addPaths: (paths: readonly string[]) => {
          added.push(paths)
          return { taskIds: paths.map(String) }
        },
        folderOf: (id: string | null) => {
          if (id === 'gone') throw new AppError('E_MODEL_MISSING')
          return id === null ? path.join(home, 'data', 'models') : `/models/${id}`
        }
      }
    }
  } as unknown as AppCore
  const place = { window: () => null, words: () => wordsOf('en', 'en') }
  const handlers = electronHandlers({ core, place, logFolder: '/logs', cancelCountdown: vi.fn(), gather })
  return { handlers, added, patches }
}

const gather = vi.fn(async () => ({ diagnostics: { problems: [] } as unknown as Diagnostics, logLines: [] }))
vi.mock('../diagnostics/archive', () => ({
  archiveName: () => 'diagnostics.zip',
  saveArchive: async (_gathered: unknown, filePath: string) => ({ path: filePath, files: [], problems: [] })
}))

describe('diagnostics', () => {
  test('go where the user said, are shown there, and nothing is tried where the dialog was left', async () => {
    const { handlers } = setUp()
    expect(await handlers['diagnostics.save']({})).toBeNull()
    expect(gather).not.toHaveBeenCalled()
    await expect((async () => handlers['diagnostics.reveal']({}))()).rejects.toThrow(AppError)
    electron.saved = '/tmp/d.zip'
    expect(await handlers['diagnostics.save']({})).toMatchObject({ path: '/tmp/d.zip' })
    await handlers['diagnostics.reveal']({})
    expect(electron.shown).toEqual(['/tmp/d.zip'])
  })
})

describe('opening and showing', () => {
  test('only the path that core has for a job is shown or opened (S11)', async () => {
    const { handlers } = setUp()
    await handlers['job.reveal']({ jobId: 'a', which: 'result' })
    await handlers['job.open']({ jobId: 'a', which: 'result' })
    expect([electron.shown, electron.opened]).toEqual([['/music/a.wav'], ['/music/a.wav']])
    await expect(handlers['job.reveal']({ jobId: 'b', which: 'source' })).rejects.toThrow(AppError)
    await expect(handlers['job.open']({ jobId: 'b', which: 'source' })).rejects.toThrow(AppError)
    expect([electron.shown.length, electron.opened.length]).toEqual([1, 1])
  })

  test.each([
    '/music/run.exe',
    '/music/run.sh',
    '/music/x.desktop',
    '/music/a.wav.lnk',
    '/music/App.app',
    '/music/noname'
  ])('%s is no recording and is not opened (a file that was added would have been run)', async (filePath) => {
    const { handlers } = setUp(filePath)
    await expect(handlers['job.open']({ jobId: 'a', which: 'source' })).rejects.toMatchObject({ code: 'E_UNSUPPORTED' })
    expect(electron.opened).toEqual([])
  })

  test('a system that cannot open it says so (a click did nothing)', async () => {
    electron.refusal = 'no program for this'
    const { handlers } = setUp()
    await expect(handlers['job.open']({ jobId: 'a', which: 'result' })).rejects.toMatchObject({
      code: 'E_IO',
      data: { detail: 'no program for this' }
    })
    await expect(handlers['app.openLogs']({})).rejects.toMatchObject({ data: { path: '/logs' } })
  })

  test('a report is answered and on the clipboard', async () => {
    expect(await setUp().handlers['job.copyReport']({ jobId: 'a' })).toEqual({ text: 'report of a' })
    expect(electron.copied).toEqual(['report of a'])
  })
})

describe('dialogs', () => {
  test('what was picked is added, files and folders by their own dialog', async () => {
    const { handlers, added } = setUp()
    electron.picked = ['/x', '/y']
    expect(await handlers['queue.pick']({ what: 'files' })).toEqual({ scanId: 's' })
    expect(await handlers['queue.pick']({ what: 'folders' })).toEqual({ scanId: 's' })
    expect(added).toEqual([electron.picked, electron.picked])
    expect(electron.asked.map(({ properties }) => properties?.[0])).toEqual(['openFile', 'openDirectory'])
  })

  test('the folder and the program that were picked become settings', async () => {
    const { handlers, patches } = setUp()
    electron.picked = ['/out']
    await handlers['settings.pickFolder']({})
    await handlers['settings.pickFfmpeg']({})
    expect(patches).toEqual([{ job: { output: { folder: '/out' } } }, { ffmpegPath: '/out' }])
  })

  test('a dialog that was left changes nothing', async () => {
    const { handlers, added, patches } = setUp()
    expect(await handlers['queue.pick']({ what: 'files' })).toBeNull()
    expect(await handlers['settings.pickFolder']({})).toBeNull()
    expect(await handlers['settings.pickFfmpeg']({})).toBeNull()
    expect([added, patches]).toEqual([[], []])
  })
})

describe('models', () => {
  test('files that were picked become tasks; a dialog that was left none', async () => {
    const { handlers, added } = setUp()
    expect(await handlers['models.pick']({})).toBeNull()
    electron.picked = ['/x.pt', '/y.onnx']
    expect(await handlers['models.pick']({})).toEqual({ taskIds: electron.picked })
    expect(added).toEqual([electron.picked])
    const [filter] = electron.asked[0]!.filters!
    expect(filter!.extensions).toEqual(['pt', 'pth', 'bin', 'ckpt', 'safetensors', 'onnx'])
  })

  test('the folder that main has for a model is shown; that of all is there before the first one is', async () => {
    const { handlers } = setUp()
    await handlers['models.reveal']({ id: 'a' })
    await handlers['models.reveal']({ id: null })
    const all = path.join(home, 'data', 'models')
    expect(electron.opened).toEqual(['/models/a', all])
    expect(readdirSync(all)).toEqual([])
    await expect(handlers['models.reveal']({ id: 'gone' })).rejects.toMatchObject({ code: 'E_MODEL_MISSING' })
  })
})

describe('the report of the list', () => {
  test('is written in the form of the name that was chosen, as a page without one (a name without ending was refused)', async () => {
    const { handlers } = setUp()
    expect(await handlers['queue.saveReport']({})).toBeNull()
    electron.saved = path.join(home, 'run.json')
    expect(await handlers['queue.saveReport']({})).toEqual({ path: electron.saved })
    expect(JSON.parse(readFileSync(electron.saved, 'utf8'))).toEqual(RUN_REPORT)
    electron.saved = path.join(home, 'run')
    expect(await handlers['queue.saveReport']({})).toEqual({ path: path.join(home, 'run.html') })
    expect(readFileSync(path.join(home, 'run.html'), 'utf8')).toContain('<html lang="en">')
  })
})

describe('the report of a measurement', () => {
  test('goes to the place that the user says; a dialog that was left writes nothing', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-export-'))
    try {
      const { handlers } = setUp('', REFUSED)
      expect(await handlers['bench.export']({})).toBeNull()
      electron.saved = path.join(folder, 'mine.json')
      expect(await handlers['bench.export']({})).toEqual({ path: electron.saved })
      expect(JSON.parse(readFileSync(electron.saved, 'utf8'))).toEqual(REFUSED)
      expect(electron.asked[1]).toMatchObject({ defaultPath: 'stillwave-2026-03-01.json' })
      electron.saved = path.join(folder, 'none', 'mine.json')
      await expect(handlers['bench.export']({})).rejects.toMatchObject({ code: 'E_IO' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('is refused before there is one, without asking where to', async () => {
    await expect(setUp().handlers['bench.export']({})).rejects.toMatchObject({ code: 'E_BAD_REQUEST' })
    expect(electron.asked).toEqual([])
  })
})
