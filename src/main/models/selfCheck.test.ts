import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../shared/errors/appError'
import type { WorkshopHost } from '../processes/workshopHost'
import { runSelfCheck } from './selfCheck'

let scratchFolder = ''
beforeAll(async () => {
  scratchFolder = await mkdtemp(path.join(tmpdir(), 'stillwave-check-'))
})
afterAll(async () => {
  await rm(scratchFolder, { recursive: true, force: true })
})

const graph = { statefulPath: 'm.onnx', sha256: 'a'.repeat(64) }
const tried = { type: 'tried', device: 'cpu', isFinite: true, snrDb: 60, wallSec: 1, cpuSec: 1, peakRssBytes: 1e8 }

/** A workshop whose process dies at its first so many tries. */
function workshopThatDies(times: number): WorkshopHost {
  let count = 0
  const attempt = (): Promise<typeof tried> =>
    count++ < times ? Promise.reject(new AppError('E_WORKSHOP_CRASH')) : Promise.resolve(tried)
  return { try: attempt } as unknown as WorkshopHost
}

const check = (times: number): ReturnType<typeof runSelfCheck> =>
  runSelfCheck(workshopThatDies(times), {
    ...{ scratchFolder, fp32: graph, fp16: graph, device: 'cpu', now: '2026-01-01T00:00:00Z' }
  })

describe('the comparison of FP16 with FP32', () => {
  it('is made once more where its process was killed (a model was marked as wrong for it, for good)', async () => {
    expect(await check(1)).toMatchObject({ isTrusted: true, error: null })
  })

  it('is given up where it dies twice', async () => {
    expect(await check(2)).toMatchObject({ isTrusted: false, error: { code: 'E_WORKSHOP_CRASH' } })
  })
})
