import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { Handlers } from '../../shared/ipc/contract'
import type { ModelShelf, ModelTaskView, ShelfModel } from '../../shared/ipc/modelViews'
import type { ModelView, PushEvent } from '../../shared/ipc/views'
import type { AppSettings, SettingsPatch } from '../../shared/settings/appSettings'
import type { Device } from '../../shared/settings/choices'
import type { ModelLibrary } from './library'
import type { ModelService } from './modelService'
import { readModels, type ModelState } from './modelShelf'
import { ModelTasks, type TaskEnd } from './modelTasks'

export type ModelRoute =
  | 'models.addPaths'
  | 'models.download'
  | 'models.verify'
  | 'models.selfCheck'
  | 'models.remove'
  | 'models.cancelTask'
  | 'models.dismissTask'

export interface ModelDeskOptions {
  readonly service: ModelService
  readonly library: ModelLibrary
  /** As it was read at the start. */
  readonly state: ModelState
  readonly settings: () => AppSettings
  readonly patchSettings: (patch: SettingsPatch) => Promise<unknown>
  /** The device that work with a model goes to where nobody named one. */
  readonly standsForAuto: (id: string) => Promise<Device>
  /** Ends engines that hold a model and do nothing with it. */
  readonly release: (id: string) => Promise<void>
  readonly push: (event: PushEvent) => void
  readonly log: (line: string) => void
}

/** Processes that were killed are gone in less. */
const CLOSE_PATIENCE_MS = 1500
const SUSPECT_AGAIN_MS = 5000

/** What is done with models in the window: tasks with progress, one at a time for each model, and what is there now. */
export class ModelDesk {
  readonly handlers: Pick<Handlers, ModelRoute>
  private readonly tasks: ModelTasks
  private state: ModelState
  private reading: Promise<void> | null = null
  private isStale = false
  /** When models were last looked at because something found them wrong. */
  private readonly suspected = new Map<string, number>()

  constructor(private readonly options: ModelDeskOptions) {
    this.state = options.state
    this.tasks = new ModelTasks({
      onChange: () => {
        this.tell()
      },
      onProgress: (task) => {
        options.push({ topic: 'modelTask', task })
      },
      onEnding: () => this.read()
    })
    this.handlers = {
      'models.addPaths': ({ paths }) => asked(() => this.addPaths(paths)),
      'models.download': ({ id }) => asked(() => ({ taskId: this.download(id) })),
      'models.verify': ({ id }) => asked(() => ({ taskId: this.verify(id) })),
      'models.selfCheck': async ({ id, device }) => ({
        taskId: this.selfCheck(id, device === 'auto' ? await options.standsForAuto(id) : device)
      }),
      'models.remove': async ({ id }) => {
        await this.remove(id)
        return null
      },
      'models.cancelTask': async ({ taskId }) => {
        await this.tasks.cancel(taskId)
        return null
      },
      'models.dismissTask': ({ taskId }) =>
        asked(() => {
          this.tasks.dismiss(taskId)
          return null
        })
    }
  }

  /** The models that can be chosen. */
  get models(): readonly ModelView[] {
    return this.state.models
  }

  get shelf(): ModelShelf {
    return { ...this.state.shelf, tasks: this.tasks.views }
  }

  /** Each file is a task of its own. Throws `E_BAD_REQUEST` for a path that is not absolute. */
  addPaths(paths: readonly string[]): { readonly taskIds: readonly string[] } {
    const relative = paths.find((one) => !path.isAbsolute(one))
    if (relative !== undefined) {
      throw new AppError('E_BAD_REQUEST', { path: relative, detail: `${relative} is not an absolute path` })
    }
    return { taskIds: paths.map((one) => this.add(path.resolve(one))) }
  }

  /** The folder that a model lies in, or that of all. Throws `E_MODEL_MISSING`. */
  folderOf(id: string | null): string {
    return id === null ? this.state.shelf.folder : this.model(id).folder
  }

  /** Something found a model wrong or gone: it is hashed, and the window sees what it is. Paths are nobody's models. */
  suspect(id: string): void {
    const nowMs = performance.now()
    const known = this.state.shelf.models.find((model) => model.id === id)
    const isKnownBad = known !== undefined && known.problem !== null
    // Who asks again and again (a window that looks at its form after every word of ours) learns nothing new.
    if (isKnownBad || nowMs - (this.suspected.get(id) ?? -Infinity) < SUSPECT_AGAIN_MS) return
    this.suspected.set(id, nowMs)
    void this.lookAt(id)
  }

  /** FP16 against FP32 for work that is about to begin; what comes of it is written down and told. Never rejects. */
  async compare(id: string, device: Device): Promise<void> {
    try {
      await this.options.service.selfCheck(id, device)
    } catch (thrown) {
      this.options.log(`${id} could not be compared: ${toAppError(thrown).message}`)
    }
    await this.read()
    this.tell()
  }

  /** Ends what runs, and its processes; 1.5 s at most. */
  async close(): Promise<void> {
    const giveUp = new AbortController()
    const patience = sleep(CLOSE_PATIENCE_MS, undefined, { signal: giveUp.signal, ref: false }).catch(() => undefined)
    await Promise.race([this.tasks.close(), patience])
    giveUp.abort()
  }

  private add(file: string): string {
    const { service } = this.options
    return this.tasks.start({
      key: `add ${file}`,
      kind: 'add',
      modelId: null,
      name: path.basename(file),
      phase: 'hash',
      work: async (task) => {
        const { record, isNew } = await service.add(file, task)
        return { modelId: record.id, isNew, damaged: [] }
      }
    })
  }

  private download(id: string): string {
    const { service, settings } = this.options
    const offer = this.state.shelf.offers.find((known) => known.id === id)
    if (!offer) throw new AppError('E_MODEL_MISSING', { detail: id })
    const { modelMirror } = settings()
    const mirror = modelMirror !== null && offer.mirrors.includes(modelMirror) ? modelMirror : null
    return this.tasks.start({
      key: `download ${id}`,
      kind: 'download',
      modelId: id,
      name: offer.name,
      phase: 'download',
      work: async (task) => {
        const { record, isNew } = await service.download(id, { ...task, mirror })
        return { modelId: record.id, isNew, damaged: [] }
      }
    })
  }

  private verify(id: string | null): string {
    const name = id === null ? '' : this.model(id).name
    return this.tasks.start({
      key: `verify ${id ?? ''}`,
      kind: 'verify',
      modelId: id,
      name,
      phase: 'verify',
      work: async (task): Promise<TaskEnd> => {
        const results = await this.options.service.verify(id, task)
        const damaged = results.flatMap((result) =>
          result.damaged.map((file) => (id === null ? `${result.id}/${file}` : file))
        )
        return { modelId: id, isNew: false, damaged }
      }
    })
  }

  private selfCheck(id: string, device: Device): string {
    const { name } = this.model(id)
    return this.tasks.start({
      key: `selfCheck ${id} ${device}`,
      kind: 'selfCheck',
      modelId: id,
      name,
      phase: 'check',
      work: async (task) => {
        await this.options.service.selfCheck(id, device, task)
        return { modelId: id, isNew: false, damaged: [] }
      }
    })
  }

  /** What is looked at in it is given up; what an engine works with is not. */
  private async remove(id: string): Promise<void> {
    const { service, release } = this.options
    await this.tasks.cancelWhere(({ modelId, kind }) => modelId === id && (kind === 'verify' || kind === 'selfCheck'))
    await release(id)
    await service.remove(id)
    await this.leaveForm(id)
    await this.read()
    this.tell()
  }

  /** A form that holds a model that is gone goes back to the one that the program starts with. */
  private async leaveForm(id: string): Promise<void> {
    const { settings, patchSettings } = this.options
    const { defaultId } = this.state.shelf
    if (settings().job.modelId !== id) return
    const view = this.state.models.find((model) => model.id === defaultId)
    await patchSettings({ job: { modelId: defaultId, ...(view && { chunkSec: view.chunkSec }) } })
  }

  private model(id: string): ModelShelf['models'][number] {
    const found = this.state.shelf.models.find((model) => model.id === id)
    if (!found) throw new AppError('E_MODEL_MISSING', { detail: id })
    return found
  }

  private async lookAt(id: string): Promise<void> {
    try {
      await this.options.service.verify(id)
    } catch (thrown) {
      const error = toAppError(thrown)
      // Gone altogether: it is not there to be seen, and that is what the reading says.
      if (error.code !== 'E_MODEL_MISSING') this.options.log(`${id} could not be verified: ${error.message}`)
    }
    await this.read()
    this.tell()
  }

  private tell(): void {
    this.options.push({ topic: 'models', models: this.models, shelf: this.shelf })
  }

  /** Reads what is on the disk; who asks while it is being read gets a reading that began after. Never rejects. */
  private async read(): Promise<void> {
    this.isStale = true
    this.reading ??= (async () => {
      while (this.isStale) {
        this.isStale = false
        try {
          this.state = await readModels(this.options.service, this.options.library)
          this.tasks.drop((task) => isOutdated(task, this.state.shelf.models))
        } catch (thrown) {
          this.options.log(`the models could not be read: ${toAppError(thrown).message}`)
        }
      }
      this.reading = null
    })()
    await this.reading
  }
}

/** It ended well, or found damage, and the models are not so any more: "was imported" beside "is damaged" says two things. */
function isOutdated({ state }: ModelTaskView, models: readonly ShelfModel[]): boolean {
  if (state.kind !== 'done') return false
  const meant = models.filter(({ id }) => state.modelId === null || id === state.modelId)
  const isDamaged = meant.some(({ problem }) => problem !== null)
  return meant.length === 0 || isDamaged !== state.damaged.length > 0
}

/** The answer, or a rejection with what was thrown. */
// eslint-disable-next-line @typescript-eslint/require-await
async function asked<T>(work: () => T): Promise<T> {
  return work()
}
