import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { ClipFacts } from '../protocol'
import type { ClipCache } from './clipCache'
import type { ClipFiles } from './clipFiles'
import { Coarse } from './coarse'
import { takeFirstLook } from './firstLook'
import type { Look } from './firstLook'
import { keepMeasures, restoreMeasures } from './keptMeasures'
import { Measures } from './measures'
import type { MeasuredShape } from './measures'
import type { OpenedClip } from './openClip'

/** Frames between two chances for other requests. */
const SLICE_FRAMES = 16_384
const TELL_EVERY_MS = 250

export interface Progress {
  readonly fraction: number
  readonly readyFrames: number
  readonly error: AppError | null
}

export interface ClipOptions {
  readonly cache: ClipCache
  readonly decodePieces: Look['decodePieces']
  readonly tell: (progress: Progress) => void
  /** Called once the first look is over. */
  readonly onLooked: () => void
}

/** An open clip: its files, and what is known of them so far. */
export class Clip {
  readonly files: ClipFiles
  readonly facts: ClipFacts
  readonly coarse: Coarse
  /** Settles when the first look over the whole clip is over. */
  readonly looked: Promise<void>
  measures: Measures
  private readonly key: string
  private readonly shape: MeasuredShape
  private readonly closing = new AbortController()
  private readonly reading: Promise<void>
  private error: AppError | null = null
  private isDone = false
  private toldMs = -Infinity

  constructor(
    opened: OpenedClip,
    private readonly options: ClipOptions
  ) {
    const { files, facts, key } = opened
    this.files = files
    this.facts = facts
    this.key = key
    const { sampleRateHz, frames, channels, isPair } = files
    this.shape = { sampleRateHz, frames, channels, isPair }
    this.measures = new Measures(this.shape)
    this.coarse = new Coarse(frames, channels)
    for (const file of [files.original, files.clean]) {
      if (file !== null)
        file.onProgress = () => {
          this.tell('sometimes')
        }
    }
    const kept = this.restore()
    this.looked = kept.then((found) => (found ? undefined : this.look())).finally(options.onLooked)
    this.reading = this.run(kept)
  }

  get frames(): number {
    return this.files.frames
  }

  /** Ends the reading and closes the files. */
  async close(): Promise<void> {
    this.closing.abort(new AppError('E_CANCELLED'))
    this.isDone = true
    await this.looked
    // A decoding that is waited for ends with its file.
    await Promise.all([this.reading, this.files.close()])
  }

  private async restore(): Promise<boolean> {
    try {
      const kept = await restoreMeasures(this.shape, this.key, this.options.cache)
      if (kept !== null) this.measures = kept
      return kept !== null
    } catch (thrown) {
      // It is measured again.
      console.error(`kept measures cannot be read: ${String(thrown)}`)
      return false
    }
  }

  private async look(): Promise<void> {
    const { files, coarse } = this
    const signal = this.closing.signal
    // What lies in the file as samples can be played before anything of it is known.
    this.tell('now')
    try {
      await takeFirstLook({ files, coarse, decodePieces: this.options.decodePieces, signal })
    } catch (thrown) {
      // The reading that follows meets the same, and tells it.
      if (!signal.aborted) console.error(`first look: ${String(thrown)}`)
    }
    this.tell('now')
  }

  /** Never rejects: how it ended is told. */
  private async run(kept: Promise<boolean>): Promise<void> {
    try {
      if (await kept) await this.files.readFile('original', Math.max(0, this.frames - 1), 1, this.closing.signal)
      else await this.measure()
    } catch (thrown) {
      this.error = toAppError(thrown)
      if (this.error.code === 'E_INTERNAL') console.error(this.error.stack, this.error.cause ?? '')
    }
    if (!this.closing.signal.aborted) this.tell('end')
    this.isDone = true
  }

  private async measure(): Promise<void> {
    const { files, measures, closing } = this
    await this.looked
    // Filled again and again: hours of small arrays would wait for the collector.
    const slices = Array.from({ length: files.isPair ? 2 : 1 }, () =>
      Array.from({ length: files.channels }, () => new Float32Array(SLICE_FRAMES))
    )
    while (!measures.isFull) {
      const count = Math.min(SLICE_FRAMES, files.frames - measures.filledFrames)
      const at = measures.filledFrames
      const [original, clean] = [slices[0]!, slices[1] ?? null].map((slice) =>
        slice?.map((one) => one.subarray(0, count))
      )
      await Promise.all([
        files.fillFrom('original', at, original!, closing.signal),
        clean && files.fillFrom('clean', at, clean, closing.signal)
      ])
      measures.push(original!, clean ?? null)
      this.tell('sometimes')
      await nextTurn()
    }
    try {
      await keepMeasures(measures, this.key, this.options.cache)
    } catch (thrown) {
      // All is known; only the next time it is measured again.
      console.error(`measures are not kept: ${String(thrown)}`)
    }
  }

  private tell(when: 'sometimes' | 'now' | 'end'): void {
    const nowMs = performance.now()
    if (this.isDone || (when === 'sometimes' && nowMs - this.toldMs < TELL_EVERY_MS)) return
    this.toldMs = nowMs
    const { files, error } = this
    // 1 is said once, by the last.
    const fraction = when === 'end' && error === null ? 1 : Math.min(this.fraction(), 0.999)
    this.options.tell({ fraction, readyFrames: files.readyFrames, error })
  }

  /** Decoding, where there is any, and measuring count alike. */
  private fraction(): number {
    const { files, measures } = this
    const decoded = files.original.state.isWhole && (files.clean?.state.isWhole ?? true)
    const parts = [measures.filledFrames / this.frames]
    if (!decoded) parts.push(files.readyFrames / this.frames)
    return parts.reduce((sum, part) => sum + part, 0) / parts.length
  }
}
