import { mkdir } from 'node:fs/promises'
import type { EngineSettings } from '../../engine/protocol'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { GpuMemory } from '../../shared/ipc/memoryViews'
import type { ForecastView } from '../../shared/ipc/views'
import type { OpenTransport } from '../processes/engineTransport'
import type { BundledPoints } from './bundledPoints'
import { calibrate } from './calibrate'
import { chooseShape, smallestForecast, type ShapeChoice } from './chooseShape'
import { fitForecast, type Forecast } from './fit'
import type { MeasuredPoint, MemoryBook } from './memoryBook'
import { runKey } from './runKey'
import { smallerShape, within, type Shape } from './shape'

const MB = 1e6

/** A model as a job wants it, before memory has its say. */
export interface MemoryQuestion {
  readonly settings: EngineSettings
  /** Null takes chunk and batch as they are set. */
  readonly budgetMb: number | null
  /** The chunk that suits the model. */
  readonly modelChunkSec: number
  /** What came measured with the model, on a CPU. */
  readonly bundled: BundledPoints | null
}

/** What an engine is started with, and why it is not what was asked for. */
export interface PlannedRun {
  readonly settings: EngineSettings
  readonly reason: ForecastView['reason']
}

/** What follows a run that was out of memory. */
export type Retreat = 'smaller' | 'cpu' | 'none'

export interface PlannerOptions {
  readonly book: MemoryBook
  readonly openEngine: OpenTransport
  /** For what measuring needs; made when it is needed. */
  readonly scratchFolder: string
  readonly availableBytes: () => number
  readonly readGpu: (pids: readonly number[]) => Promise<GpuMemory>
  /** Nothing is measured in the background while something works. */
  readonly isBusy: () => boolean
  /** A model's forecast is there, or better than it was. */
  readonly onMeasured: () => void
  readonly log: (line: string) => void
}

interface Measuring {
  readonly key: string
  readonly abort: AbortController
  readonly done: Promise<void>
}

interface MeasureWish {
  readonly signal?: AbortSignal
  readonly isBackground?: boolean
}

/** What one kind of run is known to take. */
interface Known {
  readonly key: string
  readonly points: readonly MeasuredPoint[]
  readonly ram: Forecast | null
  readonly vram: Forecast | null
  readonly limit: Shape | null
}

/**
 * Chooses the shape of runs by what they were measured to take: within a budget, and below what ran out of memory before. Knows each
 * model, device and join by its key; one that it does not know is measured.
 */
export class MemoryPlanner {
  /** Limits that did not prove themselves yet, and what ran when memory ran out. */
  private readonly trials = new Map<string, Shape>()
  /** Devices that had too little memory at the floor, as long as the program lives. */
  private readonly onCpu = new Set<string>()
  private measuring: Measuring | null = null
  /** Measuring went wrong: it is not tried again by itself. */
  private readonly hopeless = new Set<string>()

  constructor(private readonly options: PlannerOptions) {}

  /**
   * What to start for a job. Where a budget is set and nothing is known of the model it is measured first. Throws `E_BUDGET` where not
   * even the smallest shape fits, and what measuring throws.
   */
  async plan(question: MemoryQuestion, signal?: AbortSignal): Promise<PlannedRun> {
    const asked = await this.onDevice(question.settings)
    const known = await this.known({ ...question, settings: asked.settings })
    if (question.budgetMb === null) return limited(asked, known.limit)
    if (known.ram === null) {
      await this.measure(asked.settings, known.key, signal ? { signal } : {})
      return this.plan(question, signal)
    }
    const choice = chooseFor(question, known, known.ram)
    if (choice.kind === 'tooSmall') throw tooSmall(question.budgetMb, choice.smallestBytes)
    return { settings: fitted(asked.settings, choice.shape), reason: asked.reason === 'memory' ? 'memory' : 'budget' }
  }

  /** What these settings are expected to need, by what is known now. What is not known is measured in the background. */
  async forecast(question: MemoryQuestion): Promise<ForecastView> {
    const asked = await this.onDevice(question.settings)
    const known = await this.known({ ...question, settings: asked.settings })
    const { ram, vram } = known
    if (ram === null) return this.unknownYet(asked, known.key)
    const choice = question.budgetMb === null ? null : chooseFor(question, known, ram)
    const { settings, reason } =
      choice?.kind === 'fits'
        ? { settings: fitted(asked.settings, choice.shape), reason: 'budget' as const }
        : limited(asked, known.limit)
    const { chunkSec, batch, device } = settings
    const shape = { chunkSec, batch }
    return {
      state: 'known',
      ...{ chunkSec, batch, device, reason },
      ramBytes: ram(shape),
      vramBytes: vram?.(shape) ?? null,
      smallestBytes: smallestForecast(ram),
      fitsBudget: choice === null ? null : choice.kind === 'fits'
    }
  }

  /** A run was out of memory: what the next one is started with is smaller. Once there is nothing smaller, on the CPU; then nothing. */
  async retreat(settings: EngineSettings): Promise<Retreat> {
    const key = await runKey(settings)
    const smaller = smallerShape(settings)
    if (smaller !== null) {
      this.trials.set(key, smaller)
      return 'smaller'
    }
    if (settings.device === 'cpu' || settings.device === 'auto') return 'none'
    this.onCpu.add(key)
    return 'cpu'
  }

  /** It went well with these: a smaller size than was asked for is remembered. */
  async succeeded(settings: EngineSettings): Promise<void> {
    const key = await runKey(settings)
    const trial = this.trials.get(key)
    if (trial === undefined) return
    this.trials.delete(key)
    this.options.book.setLimit(key, trial)
  }

  /** Nothing helped this file: that was not the size's fault. */
  async gaveUp(settings: EngineSettings): Promise<void> {
    this.trials.delete(await runKey(settings))
  }

  /** Work begins: what is measured in the background waits for the next time. */
  async standBack(): Promise<void> {
    const { measuring } = this
    measuring?.abort.abort()
    await measuring?.done.catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.standBack()
    await this.options.book.flush()
  }

  private async onDevice(settings: EngineSettings): Promise<PlannedRun> {
    if (!this.onCpu.has(await runKey(settings))) return { settings, reason: 'settings' }
    return { settings: { ...settings, device: 'cpu' }, reason: 'memory' }
  }

  private async known({ settings, bundled }: MemoryQuestion): Promise<Known> {
    const key = await runKey(settings)
    const isCpu = settings.device === 'cpu' || settings.device === 'auto'
    const own = this.options.book.points(key)
    const given = isCpu ? (bundled?.[settings.join] ?? []) : []
    const points = merged(given, own)
    const withVram = points.flatMap((point) => {
      return point.vramBytes === null ? [] : [{ ...point, peakBytes: point.vramBytes }]
    })
    const limit = this.trials.get(key) ?? this.options.book.limit(key)
    // A single shape tells of no other.
    const ram = points.length < 2 ? null : fitForecast(points)
    return { key, points, ram, vram: fitForecast(withVram), limit }
  }

  private unknownYet(asked: PlannedRun, key: string): ForecastView {
    const { settings, reason } = asked
    if (!this.hopeless.has(key) && !this.options.isBusy())
      void this.measure(settings, key, { isBackground: true }).catch(() => undefined)
    const { chunkSec, batch, device } = settings
    const nothing = { ramBytes: null, vramBytes: null, smallestBytes: null, fitsBudget: null }
    return { state: this.measuring ? 'measuring' : 'unknown', ...{ chunkSec, batch, device, reason }, ...nothing }
  }

  /** One at a time; who asks for the one under way waits for it. */
  private async measure(settings: EngineSettings, key: string, wish: MeasureWish): Promise<void> {
    const { signal, isBackground = false } = wish
    if (this.measuring && this.measuring.key !== key) await this.standBack()
    if (!this.measuring) {
      const abort = new AbortController()
      const done = this.runMeasuring(settings, key, { signal: abort.signal, isBackground }).finally(
        () => (this.measuring = null)
      )
      this.measuring = { key, abort, done }
    }
    const { abort, done } = this.measuring
    const stop = (): void => {
      abort.abort()
    }
    signal?.addEventListener('abort', stop, { once: true })
    await done.finally(() => signal?.removeEventListener('abort', stop))
  }

  private async runMeasuring(settings: EngineSettings, key: string, wish: Required<MeasureWish>): Promise<void> {
    const { signal } = wish
    const { book, openEngine: open, scratchFolder: folder, availableBytes, readGpu, onMeasured, log } = this.options
    const isCpu = settings.device === 'cpu' || settings.device === 'auto'
    try {
      await mkdir(folder, { recursive: true })
      const gpu = isCpu ? {} : { readGpu }
      const points = await calibrate(settings, { open, folder, availableBytes: availableBytes(), ...wish, ...gpu })
      for (const point of points) book.record(key, point)
      if (points.length < 2) throw new AppError('E_MEMORY', { detail: 'only one shape could be measured' })
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.code !== 'E_CANCELLED') {
        this.hopeless.add(key)
        log(`the memory of a model could not be measured: ${error.message}`)
      }
      throw error
    } finally {
      if (!signal.aborted) setImmediate(onMeasured)
    }
  }
}

function chooseFor(
  { budgetMb, modelChunkSec }: MemoryQuestion,
  { points, limit }: Known,
  forecast: Forecast
): ShapeChoice {
  return chooseShape({ budgetBytes: budgetMb! * MB, forecast, points, chunkSec: modelChunkSec, limit })
}

function limited(asked: PlannedRun, limit: Shape | null): PlannedRun {
  const { settings } = asked
  const shape = within(settings, limit)
  return shape === settings ? asked : { settings: fitted(settings, shape), reason: 'memory' }
}

/** An overlap is half the chunk at most. */
function fitted(settings: EngineSettings, { chunkSec, batch }: Shape): EngineSettings {
  return { ...settings, chunkSec, batch, overlapSec: Math.min(settings.overlapSec, chunkSec / 2) }
}

/** What was seen here counts for its shapes; what came with the model for the others. */
function merged(given: readonly MeasuredPoint[], own: readonly MeasuredPoint[]): readonly MeasuredPoint[] {
  const highest = given.map((point) => {
    const seen = own.find((candidate) => candidate.chunkSec === point.chunkSec && candidate.batch === point.batch)
    return seen === undefined ? point : { ...point, peakBytes: Math.max(point.peakBytes, seen.peakBytes) }
  })
  return [
    ...highest,
    ...own.filter((point) => !given.some(({ chunkSec, batch }) => chunkSec === point.chunkSec && batch === point.batch))
  ]
}

function tooSmall(budgetMb: number, smallestBytes: number): AppError {
  const smallestMb = Math.ceil(smallestBytes / MB)
  return new AppError('E_BUDGET', { budgetMb, smallestMb, detail: `at least ${smallestMb} MB are needed` })
}
