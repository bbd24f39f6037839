/** What one file cost. Bytes are resident memory of the process that holds the session, loading included. */
export interface FileCost {
  readonly audioSec: number
  readonly wallSec: number
  readonly cpuSec: number
  /** Wall time inside the model; null where it was not taken (naive). */
  readonly modelSec: number | null
  /** After the file; NaN where the system did not tell. */
  readonly rssBytes: number
  readonly peakRssBytes: number
}

/**
 * Peak of a naive run of `seconds`, in bytes, from two short ones: a straight line through them. Pure.
 */
export function naivePeakBytes(short: FileCost, longer: FileCost, seconds: number): number {
  const bytesPerSec = (longer.peakRssBytes - short.peakRssBytes) / (longer.audioSec - short.audioSec)
  return longer.peakRssBytes + bytesPerSec * (seconds - longer.audioSec)
}

/** Share of the machine's memory, and of what is left of it now, over which a naive run is not even tried. */
const SHARE_OF_ALL = 0.6
const SHARE_OF_AVAILABLE = 0.9

/** Whether a run of so many bytes leaves the machine usable. Pure. */
export function fits(
  bytes: number,
  machine: { readonly totalBytes: number; readonly availableBytes: number }
): boolean {
  return bytes <= SHARE_OF_ALL * machine.totalBytes && bytes <= SHARE_OF_AVAILABLE * machine.availableBytes
}
