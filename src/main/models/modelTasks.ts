import { randomUUID } from 'node:crypto'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { ModelPhase, ModelTaskView } from '../../shared/ipc/modelViews'
import type { ModelProgress, ModelTask } from './modelProgress'

/** At most five times a second (the window redraws for each). */
const TELL_MS = 200

export type TaskEnd = Omit<Extract<ModelTaskView['state'], { kind: 'done' }>, 'kind'>

/** Something to do with a model. */
export interface TaskWish extends Pick<ModelTaskView, 'kind' | 'modelId' | 'name'> {
  /** Two wishes of one key are one task. */
  readonly key: string
  /** What it begins with. */
  readonly phase: ModelPhase
  readonly work: (task: ModelTask) => Promise<TaskEnd>
}

export interface ModelTasksOptions {
  /** The list is another: one has begun, ended or gone. */
  readonly onChange: () => void
  readonly onProgress: (task: ModelTaskView) => void
  /** What is on the disk is read again, before an end is told. Never rejects. */
  readonly onEnding: () => Promise<void>
}

interface Entry {
  readonly key: string
  readonly abort: AbortController
  view: ModelTaskView
  ended: Promise<void>
  timer: NodeJS.Timeout | null
  toldMs: number
}

/** What is being done with models, and what ended and was not dismissed yet. */
export class ModelTasks {
  private entries: readonly Entry[] = []
  private isClosed = false

  constructor(private readonly options: ModelTasksOptions) {}

  get views(): readonly ModelTaskView[] {
    return this.entries.map(({ view }) => view)
  }

  /** Begins it, or gives back the one that is at it; one of the same key that ended goes. Throws `E_CANCELLED` once closed. */
  start(wish: TaskWish): string {
    if (this.isClosed) throw new AppError('E_CANCELLED')
    const { key, kind, modelId, name, phase } = wish
    const same = this.entries.find((entry) => entry.key === key)
    if (same?.view.state.kind === 'running') return same.view.taskId
    const taskId = `model-${randomUUID()}`
    const entry: Entry = {
      key,
      abort: new AbortController(),
      view: { taskId, kind, modelId, name, state: { kind: 'running', phase, fraction: null } },
      ended: Promise.resolve(),
      timer: null,
      toldMs: -Infinity
    }
    this.entries = [...this.entries.filter((other) => other !== same), entry]
    this.options.onChange()
    entry.ended = this.run(entry, wish)
    return taskId
  }

  /** Resolves when nothing of it is at work any more. One that has ended stays. */
  async cancel(taskId: string): Promise<void> {
    const entry = this.entries.find(({ view }) => view.taskId === taskId)
    entry?.abort.abort()
    await entry?.ended
  }

  /** Those that run and are meant. */
  async cancelWhere(isMeant: (task: ModelTaskView) => boolean): Promise<void> {
    const meant = this.views.filter((view) => view.state.kind === 'running' && isMeant(view))
    await Promise.all(meant.map(({ taskId }) => this.cancel(taskId)))
  }

  /** Takes an ended task off the list; one that runs stays. */
  dismiss(taskId: string): void {
    const kept = this.entries.filter(({ view }) => view.taskId !== taskId || view.state.kind === 'running')
    if (kept.length === this.entries.length) return
    this.entries = kept
    this.options.onChange()
  }

  /** Takes off ended ones that are meant, without a word: who calls tells what is left. */
  drop(isMeant: (task: ModelTaskView) => boolean): void {
    this.entries = this.entries.filter(({ view }) => view.state.kind === 'running' || !isMeant(view))
  }

  /** Ends what runs; nothing begins any more. */
  async close(): Promise<void> {
    this.isClosed = true
    for (const { abort } of this.entries) abort.abort()
    await Promise.all(this.entries.map(({ ended }) => ended))
  }

  /** Never rejects: its end is told. */
  private async run(entry: Entry, { work }: TaskWish): Promise<void> {
    const { signal } = entry.abort
    const state = await work({
      signal,
      onProgress: (progress) => {
        this.onProgress(entry, progress)
      }
    }).then(
      (end): ModelTaskView['state'] => ({ kind: 'done', ...end }),
      (thrown: unknown): ModelTaskView['state'] => ({ kind: 'failed', error: toAppError(thrown).toPayload() })
    )
    if (entry.timer) clearTimeout(entry.timer)
    entry.timer = null
    await this.options.onEnding()
    // What is taken back leaves no word; what was done before the wish came was done.
    if (signal.aborted && state.kind === 'failed') this.entries = this.entries.filter((other) => other !== entry)
    else entry.view = { ...entry.view, state }
    this.options.onChange()
  }

  private onProgress(entry: Entry, { phase, fraction }: ModelProgress): void {
    if (entry.abort.signal.aborted) return
    entry.view = { ...entry.view, state: { kind: 'running', phase, fraction } }
    const waitMs = entry.toldMs + TELL_MS - performance.now()
    if (waitMs <= 0) this.tell(entry)
    else
      entry.timer ??= setTimeout(() => {
        this.tell(entry)
      }, waitMs)
  }

  private tell(entry: Entry): void {
    if (entry.timer) clearTimeout(entry.timer)
    entry.timer = null
    entry.toldMs = performance.now()
    this.options.onProgress(entry.view)
  }
}
