import { writeFileSync } from 'node:fs'
import { readRss } from './rss'
import type { Rss } from './rss'

/** The most that was resident since it began. */
export interface PeakSpan {
  /** Bytes; ends the span. */
  end(): number
}

/**
 * Peaks of resident memory over spans of a process's life, however they overlap. Linux keeps one high-water mark and lets it be
 * set back (`5` into /proc/self/clear_refs): it is read into every open span before that. Where it cannot be set back every
 * span gets the peak of the process's whole life.
 */
export class PeakMeter {
  private readonly spans = new Set<{ peakBytes: number }>()
  private lifeBytes = 0

  /** `reset` sets the system's high-water mark back; for tests. */
  constructor(
    private readonly readNow: () => Rss = readRss,
    private readonly reset: () => void = resetHighWaterMark
  ) {}

  /** Resident now, and the most of the process's whole life. */
  read(): Rss {
    const now = this.readNow()
    this.lifeBytes = Math.max(this.lifeBytes, now.peakRssBytes)
    return { rssBytes: now.rssBytes, peakRssBytes: this.lifeBytes }
  }

  begin(): PeakSpan {
    this.collect()
    this.reset()
    const span = { peakBytes: 0 }
    this.spans.add(span)
    return {
      end: () => {
        this.collect()
        this.spans.delete(span)
        return span.peakBytes
      }
    }
  }

  private collect(): void {
    const { peakRssBytes } = this.readNow()
    this.lifeBytes = Math.max(this.lifeBytes, peakRssBytes)
    for (const span of this.spans) span.peakBytes = Math.max(span.peakBytes, peakRssBytes)
  }
}

let canReset = process.platform === 'linux'

function resetHighWaterMark(): void {
  if (!canReset) return
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Some containers mount /proc read-only: the mark then stays the life's, which is what a span gets.
    canReset = false
  }
}
