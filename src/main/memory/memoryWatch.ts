import type { EngineSettings, SessionFacts } from '../../engine/protocol'
import type { EngineHost } from '../processes/engineHost'
import { speedOf } from './calibrate'
import type { MemoryBook } from './memoryBook'
import { runKey } from './runKey'

/** Less audio through the model says little of its speed. */
const TIMED_SEC = 30
const HOP_SEC = 0.02

/** Writes down what the batch's engine really took, shape by shape. */
export class MemoryWatch {
  private readonly end: () => void
  private vramBytes = 0
  private settings: EngineSettings | null = null

  constructor(
    host: EngineHost,
    private readonly book: MemoryBook
  ) {
    this.end = host.onFacts((facts) => {
      const settings = host.startedWith
      if (settings !== this.settings || facts === null) this.vramBytes = 0
      this.settings = settings
      if (facts !== null && settings !== null) void this.note(facts, settings, host.processPeakRssBytes)
    })
  }

  /** Device memory of the engine at this moment. */
  onVram(bytes: number): void {
    this.vramBytes = Math.max(this.vramBytes, bytes)
  }

  close(): void {
    this.end()
  }

  /** Only a run of all lanes and a whole chunk tells what the shape takes; any other may only raise what is known of it. */
  private async note(facts: SessionFacts, settings: EngineSettings, peakBytes: number): Promise<void> {
    if (facts.files === 0 || peakBytes === 0) return
    const { chunkSec, batch } = settings
    const vramBytes = this.vramBytes > 0 ? this.vramBytes : null
    // A model file that is gone by now is nobody's any more.
    const key = await runKey(settings).catch(() => null)
    if (key === null) return
    const isWhole = facts.largestRunSec >= batch * (chunkSec - HOP_SEC)
    const known = this.book.points(key).find((point) => point.chunkSec === chunkSec && point.batch === batch)
    if (!isWhole && (known === undefined || known.peakBytes >= peakBytes)) return
    const speed = isWhole && facts.laneSec >= TIMED_SEC ? speedOf(facts) : null
    this.book.record(key, { chunkSec, batch, peakBytes, vramBytes, speed })
  }
}
