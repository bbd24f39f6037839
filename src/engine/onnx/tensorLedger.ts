/** Buffers of tensors: how many live now and how many were given back since the session was opened, with their bytes. */
export interface TensorCounts {
  readonly inUse: number
  readonly bytesInUse: number
  readonly givenBack: number
  readonly bytesGivenBack: number
}

/**
 * Counts every buffer that went into or came out of a session, once, from its first run until its memory is given back: by
 * {@link TensorLedger.gaveBack}, or by V8's collector, which tells. A few lookups a run; nothing here is estimated.
 */
export class TensorLedger {
  private readonly known = new WeakSet<ArrayBufferLike>()
  private readonly collected = new FinalizationRegistry<number>((bytes) => {
    this.takeOff(bytes)
  })
  private inUse = 0
  private bytesInUse = 0
  private givenBack = 0
  private bytesGivenBack = 0

  get counts(): TensorCounts {
    const { inUse, bytesInUse, givenBack, bytesGivenBack } = this
    return { inUse, bytesInUse, givenBack, bytesGivenBack }
  }

  /** A tensor over this buffer is there; further views of the same buffer count for nothing. */
  hold(buffer: ArrayBufferLike): void {
    if (this.known.has(buffer)) return
    this.known.add(buffer)
    const { byteLength } = buffer
    this.collected.register(buffer, byteLength, buffer)
    this.inUse++
    this.bytesInUse += byteLength
  }

  /** The buffer's memory, `bytes` of it, is free again, though its (now empty) object may still be there. */
  gaveBack(buffer: ArrayBufferLike, bytes: number): void {
    if (!this.known.delete(buffer)) return
    this.collected.unregister(buffer)
    this.takeOff(bytes)
  }

  private takeOff(bytes: number): void {
    this.inUse--
    this.bytesInUse -= bytes
    this.givenBack++
    this.bytesGivenBack += bytes
  }
}
