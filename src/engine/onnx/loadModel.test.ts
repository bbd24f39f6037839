import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, expect, it, vi } from 'vitest'
import { loadModel } from './loadModel'

const looked = vi.hoisted(() => ({ then: null as (() => void) | null }))
vi.mock('../model/readModel', async (importActual) => {
  const actual = await importActual<typeof import('../model/readModel')>()
  return {
    ...actual,
    readModelMetadata: async (file: string) => {
      looked.then?.()
      return actual.readModelMetadata(file)
    }
  }
})

const folder = mkdtempSync(path.join(tmpdir(), 'load-model-'))
const model = path.join(folder, 'model.onnx')
const bundled = (name: string): string => path.resolve(import.meta.dirname, '../../../models', name)
beforeEach(() => {
  copyFileSync(bundled('frcrn-lite.onnx'), model)
  looked.then = null
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const load = (): ReturnType<typeof loadModel> => loadModel({ path: model, sha256: null }, { device: 'cpu', threads: 1 })

it('refuses a file that is swapped between its reading and its checks (S42: a hostile one loaded, a good one checked)', async () => {
  const other = path.join(folder, 'other.onnx')
  for (const swap of [
    () => {
      copyFileSync(bundled('frcrn-lite.fp16.onnx'), other)
      renameSync(other, model)
    },
    () => {
      copyFileSync(bundled('frcrn-lite.onnx'), model)
    }
  ]) {
    looked.then = swap
    await expect(load()).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
    copyFileSync(bundled('frcrn-lite.onnx'), model)
  }
})

it('runs the bytes that were read, whatever becomes of the file', async () => {
  const { session, precision } = await load()
  writeFileSync(model, 'something else')
  expect([precision, session.inputNames.length > 0]).toEqual(['fp32', true])
  await session.release()
})
