import { AppError } from '../../shared/errors/appError'
import type { WarningCode } from '../../shared/errors/appError'
import type { LoadedModel } from '../onnx/loadModel'
import { TensorLedger } from '../onnx/tensorLedger'
import type { CountedSession, Tensor, Tensors } from '../onnx/runtime'
import type { FallbackTrace, LadderedSession } from './soundRuns'

/** One way to run a model: the first is what was asked for, each further one slower and surer. */
export interface Rung {
  readonly device: string
  /** Opens it, with the account of tensors that the session goes on with. Errors as `loadModel`. */
  open(ledger: TensorLedger): Promise<LoadedModel>
}

/** So many files that needed more than what was asked for show that it is no accident. */
const FILES_TO_STAY_DOWN = 3

/**
 * The one session of an engine, and what to open in its place when it gives values that are no sound: never two at once, as
 * a session is most of the memory. It steps down in the middle of a file; once no file is under way the next one begins with what
 * was asked for again, until three files have needed more.
 */
export class SessionLadder implements CountedSession, LadderedSession {
  private at = 0
  private open: LoadedModel | null
  private last: LoadedModel
  private readonly shape: string
  /** By rung, as far as they have been open. */
  private readonly precisions: LoadedModel['precision'][]
  /** Where a file begins. */
  private floor = 0
  private needs: number[] = []
  private filesUnderWay = 0
  private ready: Promise<void> = Promise.resolve()
  private fallbacks = 0

  private constructor(
    private readonly rungs: readonly [Rung, ...Rung[]],
    first: LoadedModel,
    private readonly ledger: TensorLedger
  ) {
    this.open = this.last = first
    this.shape = shapeOf(first)
    this.precisions = [first.precision]
  }

  /** Opens the first rung. Throws what that throws. */
  static async start(rungs: readonly [Rung, ...Rung[]]): Promise<SessionLadder> {
    const ledger = new TensorLedger()
    return new SessionLadder(rungs, await rungs[0].open(ledger), ledger)
  }

  /** The model that is open, or was last. */
  get loaded(): LoadedModel {
    return this.last
  }

  get device(): string {
    return this.rungs[this.at]!.device
  }

  /** Files that needed more than what was asked for, and got it. */
  get fallbackFiles(): number {
    return this.fallbacks
  }

  /** Files begin with more than what was asked for. */
  get staysDown(): boolean {
    return this.floor > 0
  }

  get rung(): number {
    return this.at
  }

  get threads(): number {
    return this.last.session.threads
  }

  get inputNames(): readonly string[] {
    return this.last.session.inputNames
  }

  get outputNames(): readonly string[] {
    return this.last.session.outputNames
  }

  get inputShapes(): CountedSession['inputShapes'] {
    return this.last.session.inputShapes
  }

  get tensors(): CountedSession['tensors'] {
    return this.ledger.counts
  }

  async run(inputs: Tensors, into?: Tensors): Promise<Record<string, Tensor>> {
    const { session } = this.open ?? (await this.openRung(this.at))
    return session.run(inputs, into)
  }

  keep(array: Float32Array): void {
    this.ledger.keep(array.buffer)
  }

  letGo(array: Float32Array): void {
    this.ledger.letGo(array.buffer)
  }

  async release(): Promise<void> {
    const { open } = this
    this.open = null
    await open?.session.release()
  }

  /**
   * Opens the next rung that can be opened in place of this one; false where there is none below. Throws what the next one threw
   * where none could be opened: then this one is open again.
   */
  async stepDown(): Promise<boolean> {
    const from = this.at
    const errors: unknown[] = []
    for (let to = from + 1; to < this.rungs.length; to++) {
      try {
        await this.release()
        await this.openRung(to)
        return true
      } catch (thrown) {
        errors.push(thrown)
      }
    }
    if (errors.length === 0) return false
    await this.openRung(from)
    throw errors[0]
  }

  /** A file begins: the first one of several climbs back. To be paired with {@link end}, also where it throws. */
  begin(): Promise<void> {
    this.filesUnderWay++
    if (this.filesUnderWay === 1) this.ready = this.climb()
    return this.ready
  }

  end(): void {
    this.filesUnderWay--
  }

  /** A file is done: counts what it needed, and says in what it was not run as it was asked for. */
  judge({ used, needed }: FallbackTrace): readonly WarningCode[] {
    if (needed > 0) this.noteNeed(needed)
    const warnings: WarningCode[] = []
    const rungs = [...used]
    if (rungs.some((rung) => this.precisions[rung] !== this.precisions[0])) warnings.push('W_PRECISION_FALLBACK')
    if (rungs.some((rung) => this.rungs[rung]!.device !== this.rungs[0].device)) warnings.push('W_DEVICE_FALLBACK')
    return warnings
  }

  private noteNeed(rung: number): void {
    this.fallbacks++
    if (rung > this.floor) this.needs.push(rung)
    if (this.needs.length < FILES_TO_STAY_DOWN) return
    this.floor = Math.min(...this.needs)
    this.needs = []
  }

  private async climb(): Promise<void> {
    if (this.at === this.floor && this.open !== null) return
    const from = this.at
    try {
      await this.release()
      await this.openRung(this.floor)
    } catch (thrown) {
      if (from === this.floor) throw thrown
      // What worked last goes on: the file says which way it was run.
      await this.openRung(from)
    }
  }

  private async openRung(to: number): Promise<LoadedModel> {
    const loaded = await this.rungs[to]!.open(this.ledger)
    if (shapeOf(loaded) !== this.shape) {
      await loaded.session.release()
      throw new AppError('E_MODEL_DAMAGED', {
        path: loaded.fileName,
        detail: 'it is not the network that it stands in for'
      })
    }
    this.at = to
    this.precisions[to] = loaded.precision
    this.open = this.last = loaded
    return loaded
  }
}

/** Names and shapes; the length of the state is among them. */
function shapeOf({ session }: LoadedModel): string {
  return JSON.stringify([session.inputNames, session.outputNames, session.inputShapes])
}
