import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelShelf } from '../../shared/ipc/modelViews'
import type { ModelView } from '../../shared/ipc/views'
import { CoreBench, isBuilt } from './core.testkit'

const FIXTURES = path.resolve('src/engine/model/checkpoint/fixtures')

let bench: CoreBench
beforeAll(async () => {
  bench = new CoreBench()
  if (isBuilt()) await bench.open()
})
afterAll(async () => {
  await bench.remove()
})

async function install(file: string): Promise<string> {
  const { taskIds } = await bench.core.handlers['models.addPaths']({ paths: [path.join(FIXTURES, file)] })
  const task = (): ModelShelf['tasks'][number] | undefined =>
    bench.core.services.models.shelf.tasks.find(({ taskId }) => taskId === taskIds[0])
  await bench.until(() => task()?.state.kind === 'done')
  const { state } = task()!
  return state.kind === 'done' ? state.modelId! : ''
}

const idle = (): boolean => bench.core.queueState.run.kind === 'idle'
const engineNow = (): unknown => bench.pushes.findLast((push) => push.topic === 'engine')
const start = (): Promise<null> => bench.core.handlers['queue.start']({})

describe.skipIf(!isBuilt())('a model of the user in the app', () => {
  // Catches: FP16 of a model that was never compared here runs in FP32 in silence until somebody finds the button.
  it('in FP16 that nobody compared on this machine is compared before the work, and the window is told', async () => {
    const { core } = bench
    await core.handlers['settings.patch']({ job: { modelId: 'frcrn-lite', chunkSec: 1, precision: 'fp16' } })
    const view = (): ModelView => core.services.models.models.find(({ id }) => id === 'frcrn-lite')!
    expect(view().selfChecks).toEqual([])
    await bench.add(bench.wav('in/fp16.wav', 1))
    await start()
    await bench.until(idle)
    expect(view().selfChecks).toMatchObject([{ device: 'cpu', isTrusted: true, error: null }])
    expect(core.reportOf(bench.id('fp16.wav'))).toContain('carried, FP16\n')
    core.queue.remove(core.queueState.jobs.map((job) => job.id))
    bench.pushes.length = 0
  }, 60_000)

  it('is not removed under a batch, goes with an idle engine, and leaves its files and the form with a word', async () => {
    const { core } = bench
    const id = await install('archive.pt')
    await core.handlers['settings.patch']({ job: { modelId: id, chunkSec: 0.5, precision: 'fp16' } })
    await bench.add(bench.wav('in/a.wav', 60), bench.wav('in/b.wav', 60))
    await start()
    await core.handlers['queue.pause']({})
    await expect(core.handlers['models.remove']({ id })).rejects.toMatchObject({ code: 'E_MODEL_IN_USE' })
    await core.handlers['queue.resume']({})
    await bench.until(() => (engineNow() as { engine?: { kind?: string } } | undefined)?.engine?.kind === 'ready')
    expect(engineNow()).toMatchObject({ engine: { kind: 'ready', precision: 'fp16', precisionReason: null } })
    expect(core.reportOf(bench.id('a.wav'))).toContain('carried, FP16\n')
    await core.handlers['queue.stop']({})
    await bench.until(idle)
    expect(bench.kinds()).toBe('a.wav:pending b.wav:pending')
    await core.handlers['models.remove']({ id })
    expect(engineNow()).toMatchObject({ engine: { kind: 'stopped' } })
    const { shelf, models, settings } = await core.snapshot()
    expect(settings.job).toMatchObject({ modelId: shelf.defaultId })
    expect(settings.job.chunkSec).toBe(models.find((model) => model.id === shelf.defaultId)!.chunkSec)
    expect(models.map((model) => model.id)).not.toContain(id)
    await bench.add(bench.wav('in/c.wav', 1))
    await start()
    await bench.until(idle)
    // The files of the model that is gone say so; the one of another model is done.
    expect(bench.kinds()).toBe('a.wav:failed b.wav:failed c.wav:done')
    const { status } = core.queueState.jobs[0]!
    expect(status).toMatchObject({ kind: 'failed', error: { code: 'E_MODEL_MISSING' } })
    core.queue.remove(core.queueState.jobs.map((job) => job.id))
  }, 120_000)

  it('that turns out damaged at the start of a batch is shown as that, and is not to be chosen', async () => {
    const { core } = bench
    const id = await install('parameters.pt')
    const weights = path.join(bench.data, 'models', id, 'fp32', 'model.stateful.onnx')
    const bytes = readFileSync(weights)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(weights, bytes)
    expect(core.services.models.models.map((model) => model.id)).toContain(id)
    await core.handlers['settings.patch']({ job: { modelId: id, chunkSec: 0.5, precision: 'fp32' } })
    await bench.add(bench.wav('in/d.wav', 1))
    await start()
    await bench.until(() => core.services.models.models.every((model) => model.id !== id))
    await bench.until(idle)
    expect(core.queueState.run).toMatchObject({ because: { code: 'E_MODEL_DAMAGED' } })
    expect(bench.kinds()).toBe('d.wav:pending')
    const told = bench.pushes.findLast((push) => push.topic === 'models')
    const model = told?.topic === 'models' ? told.shelf.models.find((one) => one.id === id) : undefined
    expect(model?.problem).toMatchObject({ code: 'E_MODEL_DAMAGED', data: { detail: 'fp32/model.stateful.onnx' } })
    const looks = bench.pushes.filter((push) => push.topic === 'models').length
    for (let n = 0; n < 3; n++) {
      await core.handlers['queue.preflight']({ settings: core.settings.job })
      await expect(core.handlers['engine.retry']({})).rejects.toMatchObject({ code: 'E_MODEL_DAMAGED' })
    }
    // A window that asks for its form after each of our words would have asked for ever.
    expect(bench.pushes.filter((push) => push.topic === 'models').length).toBe(looks)
  }, 120_000)
})
