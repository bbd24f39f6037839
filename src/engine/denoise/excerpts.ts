import { isSilent } from '../../audio/dsp/silence'

/** Turns a channel into samples at the model's rate; what `push` returns is valid until the next call. */
export interface RateConverter {
  push(samples: Float32Array): Float32Array
  finish(): Float32Array
}

export interface ExcerptOptions {
  /** Length of one place of the grid at the model's rate, and how many frames of the source one such sample takes. */
  readonly excerptSamples: number
  readonly framesPerSample: number
  /** Excerpts kept at the most; the grid thins out by two when there are more. */
  readonly capacity: number
  /** Places from the start that are kept gapless, silence included, so that a short file is had whole. */
  readonly headSlots: number
  readonly converter: RateConverter
}

interface Excerpt {
  /** Its place on the grid. */
  readonly slot: number
  readonly samples: Float32Array
}

/**
 * Excerpts of one channel at evenly spread places of a stream whose length nobody knows: every place at first, every second
 * once too many are kept, and so on; memory does not depend on the stream. Digital silence is left out. What lies between
 * the places goes through the converter as zeros, which cost it next to nothing.
 */
export class ExcerptGrid {
  private step = 1
  private kept: Excerpt[] = []
  /** One block for all excerpts, filled from its front: what is not reached is never touched. */
  private readonly store: Float32Array
  private readonly free: Float32Array[]
  private current: Float32Array
  private zeros = new Float32Array(0)
  private frames = 0
  private samples = 0

  constructor(private readonly options: ExcerptOptions) {
    const { excerptSamples, capacity, headSlots } = options
    if (headSlots > capacity) throw new RangeError('the head of a survey must fit its store')
    this.store = new Float32Array((capacity + 2) * excerptSamples)
    this.free = Array.from({ length: capacity + 2 }, (_, i) =>
      this.store.subarray(i * excerptSamples, (i + 1) * excerptSamples)
    ).reverse()
    this.current = this.free.pop()!
  }

  push(block: Float32Array): void {
    const slotFrames = this.options.excerptSamples * this.options.framesPerSample
    for (let done = 0; done < block.length;) {
      const slot = Math.floor(this.frames / slotFrames)
      const slotEnd = Math.ceil((slot + 1) * slotFrames)
      const count = Math.min(block.length - done, Math.max(1, slotEnd - this.frames))
      const piece = this.isWanted(slot) ? block.subarray(done, done + count) : this.silence(count)
      this.put(this.options.converter.push(piece))
      this.frames += count
      done += count
    }
  }

  /** All of the channel, gapless, where it ended within the head; else null. Call once, at the end. */
  finishWhole(): Float32Array | null {
    const { excerptSamples, headSlots } = this.options
    this.put(this.options.converter.finish())
    // Within the head nothing is left out: the store holds the channel from its front.
    return this.samples > headSlots * excerptSamples ? null : this.store.subarray(0, this.samples)
  }

  /** Whole excerpts so far that are not digital silence, in the order of the file. */
  get excerpts(): readonly Float32Array[] {
    return this.kept.map((excerpt) => excerpt.samples).filter((samples) => !isSilent(samples))
  }

  private isWanted(slot: number): boolean {
    return slot % this.step === 0
  }

  private silence(count: number): Float32Array {
    if (this.zeros.length < count) this.zeros = new Float32Array(count)
    return this.zeros.subarray(0, count)
  }

  private put(samples: Float32Array): void {
    const { excerptSamples } = this.options
    for (let done = 0; done < samples.length;) {
      const slot = Math.floor(this.samples / excerptSamples)
      const at = this.samples - slot * excerptSamples
      const count = Math.min(samples.length - done, excerptSamples - at)
      this.current.set(samples.subarray(done, done + count), at)
      this.samples += count
      done += count
      if (at + count === excerptSamples) this.keep(slot)
    }
  }

  private keep(slot: number): void {
    if (!this.isWanted(slot)) return
    this.kept.push({ slot, samples: this.current })
    if (slot >= this.options.headSlots) this.thinOut()
    this.current = this.free.pop()!
  }

  private thinOut(): void {
    this.retain((excerpt) => !isSilent(excerpt.samples))
    while (this.kept.length > this.options.capacity) {
      this.step *= 2
      this.retain((excerpt) => this.isWanted(excerpt.slot))
    }
  }

  private retain(wanted: (excerpt: Excerpt) => boolean): void {
    for (const excerpt of this.kept) if (!wanted(excerpt)) this.free.push(excerpt.samples)
    this.kept = this.kept.filter(wanted)
  }
}
