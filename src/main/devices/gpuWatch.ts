import type { GpuMemory } from '../../shared/ipc/memoryViews'

const EVERY_MS = 100

/** Looks at what processes take of a card's memory while a trial runs: its peak, and the card's name. */
export class GpuWatch {
  peakBytes: number | null = null
  name: string | null = null
  private readonly timer: NodeJS.Timeout
  private isAsking = false

  constructor(
    private readonly readGpu: (pids: readonly number[]) => Promise<GpuMemory | null>,
    private readonly pids: () => readonly number[]
  ) {
    this.timer = setInterval(() => void this.look(), EVERY_MS)
  }

  close(): void {
    clearInterval(this.timer)
  }

  private async look(): Promise<void> {
    if (this.isAsking) return
    this.isAsking = true
    try {
      const memory = await this.readGpu(this.pids())
      if (memory?.kind !== 'known') return
      this.name = memory.name
      if (memory.oursBytes !== null) this.peakBytes = Math.max(this.peakBytes ?? 0, memory.oursBytes)
    } catch {
      // Nobody tells it: the trial goes on without the figure.
    } finally {
      this.isAsking = false
    }
  }
}
