/** Buffers of tensors: how many live now and how many were given back since the session was opened, with their bytes. */
export interface TensorCounts {
  readonly inUse: number
  readonly bytesInUse: number
  readonly givenBack: number
  readonly bytesGivenBack: number
}

/**
 * Counts the buffers that go into and come out of a session, each once. In use are those that live on between runs, as their owners
 * say (the histories of all lanes, whichever ran last), and those of the last run. Given back is what was freed at once ({@link TensorLedger.gaveBack}), and what an earlier run had and the
 * last one had not: nothing of the session refers to it any more. No weak references: V8 keeps what they point to over its quick
 * collections, which cost a light network 60 MB over twelve minutes.
 */
export class TensorLedger {
  /** Buffers of the last run, with their lengths; a detached one has none any more. */
  private held = new Map<ArrayBufferLike, number>()
  /** What its owners hold between runs. */
  private readonly kept = new Map<ArrayBufferLike, number>()
  private givenBack = 0
  private bytesGivenBack = 0

  get counts(): TensorCounts {
    let bytesInUse = 0
    for (const bytes of [...this.held.values(), ...this.kept.values()]) bytesInUse += bytes
    return {
      inUse: this.held.size + this.kept.size,
      bytesInUse,
      givenBack: this.givenBack,
      bytesGivenBack: this.bytesGivenBack
    }
  }

  /** A run worked with these; further views of the same buffer count for nothing. */
  ran(buffers: Iterable<ArrayBufferLike>): void {
    const now = new Map<ArrayBufferLike, number>()
    for (const buffer of buffers) if (!this.kept.has(buffer)) now.set(buffer, buffer.byteLength)
    for (const [buffer, bytes] of this.held) if (!now.has(buffer) && !this.kept.has(buffer)) this.gaveBack(bytes)
    this.held = now
  }

  /** Its owner holds this one until {@link letGo}. */
  keep(buffer: ArrayBufferLike): void {
    this.held.delete(buffer)
    this.kept.set(buffer, buffer.byteLength)
  }

  letGo(buffer: ArrayBufferLike): void {
    const bytes = this.kept.get(buffer)
    if (bytes !== undefined && this.kept.delete(buffer)) this.gaveBack(bytes)
  }

  /** A buffer of so many bytes is free again. */
  gaveBack(bytes: number): void {
    this.givenBack++
    this.bytesGivenBack += bytes
  }
}
