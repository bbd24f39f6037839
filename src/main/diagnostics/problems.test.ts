import { describe, expect, test } from 'vitest'
import { ERROR_CODES } from '../../shared/errors/appError'
import { MESSAGES } from '../../shared/i18n/messages'
import { PROBLEM_IDS, type Diagnostics } from '../../shared/ipc/diagnosticsViews'
import { doctorText } from './doctorText'
import { errorsIn } from './logLines'
import { problemsOf } from './problems'

const FINE: Omit<Diagnostics, 'problems'> = {
  version: 1,
  at: '2026-01-01T00:00:00.000Z',
  versions: { stillwave: '1.0.0' },
  system: {
    platform: 'linux',
    release: '6',
    arch: 'x64',
    cpu: 'CPU',
    cores: 2,
    memoryBytes: 8e9,
    freeMemoryBytes: 4e9,
    freeDataDiskBytes: 50e9,
    freeTemporaryDiskBytes: null
  },
  devices: [],
  models: [{ model: 'm', file: 'm.onnx', bytes: 1, sha256: 'a', state: 'right' }],
  ownModels: { count: 0, damaged: 0 },
  ffmpeg: { version: '8.1', encoders: ['flac'] },
  settings: null,
  selfTest: {
    ok: true,
    device: 'cpu',
    audioSec: 1,
    wallSec: 0.1,
    modelSec: 0.05,
    peakRssBytes: 1e8,
    levelBeforeDb: -20,
    levelAfterDb: -25
  },
  errors: []
}

describe('what is wrong', () => {
  test('nothing is said of a sound machine', () => {
    expect(problemsOf(FINE, null)).toEqual([])
    expect(doctorText({ ...FINE, problems: [] })).toMatch(/Self-test: right on cpu.*\n\nNothing is wrong\.\n$/su)
  })

  test('each trouble has its own word, faults before notes (a damaged model passed as fine)', () => {
    const bad = {
      ...FINE,
      models: [{ ...FINE.models[0]!, state: 'changed' as const }],
      selfTest: { ok: false as const, error: { code: 'E_MODEL_DAMAGED' as const, data: {} } },
      system: { ...FINE.system, freeDataDiskBytes: 5e6, freeMemoryBytes: 1e6 },
      ffmpeg: null,
      errors: errorsIn(
        ['2026-01-01T00:00:00.000Z error uncaught: E_IO: x', '2026-01-01T00:00:00.000Z info E_IO', 'torn line'],
        9
      )
    }
    const ids = (error: (typeof ERROR_CODES)[number] | null): unknown =>
      problemsOf(bad, error && { code: error, data: {} }).map(({ id, weight }) => [id, weight])
    const faults = ['modelDamaged', 'selfTest', 'lowDisk', 'lowMemory'].map((id) => [id, 'fault'])
    expect(ids(null)).toEqual([...faults, ['ffmpegMissing', 'note'], ['recentErrors', 'note']])
    expect(ids('E_NO_FFMPEG')).toContainEqual(['ffmpegChosen', 'fault'])
    expect(bad.errors).toEqual([
      { at: '2026-01-01T00:00:00.000Z', level: 'error', code: 'E_IO', text: 'uncaught: E_IO: x' }
    ])
    const text = doctorText({ ...bad, problems: problemsOf(bad, null) })
    expect(text).toContain('Wrong: The bundled model is not what was shipped. (m)\n  Install Stillwave again.')
  })

  test('has words for every problem, in every language', () => {
    for (const { doctor } of Object.values(MESSAGES)) {
      expect(Object.keys(doctor.problems).sort()).toEqual([...PROBLEM_IDS].sort())
    }
  })
})
