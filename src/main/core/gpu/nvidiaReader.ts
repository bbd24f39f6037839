import type { GpuMemory } from '../../../shared/ipc/memoryViews'
import type { GpuReader } from './gpuReader'
import { LineChild } from './lineChild'

const MB = 1024 * 1024
const EVERY_MS = 500
const GPUS = 'uuid,name,memory.total,memory.used'
const APPS = 'gpu_uuid,pid,used_memory'
/** A GPU that was not spoken of for so long is not there any more (several are told one after the other). */
const FRESH_MS = 5 * EVERY_MS

interface Card {
  readonly name: string
  readonly totalBytes: number
  readonly usedBytes: number
  readonly atMs: number
}

interface Use {
  /** Null where the driver does not tell a process's part (Windows' display driver model). */
  readonly bytes: number | null
  readonly atMs: number
}

/** NVIDIA's own tool, two of it, asked once and left running: what it prints twice a second is the figure of now. */
export class NvidiaReader implements GpuReader {
  private readonly cards = new Map<string, Card>()
  private readonly uses = new Map<string, Use>()
  private readonly gpus: LineChild
  private readonly apps: LineChild
  private hasNone = false

  constructor(command = 'nvidia-smi', restMs?: number) {
    const child = (query: string, onLine: (line: string) => void): LineChild =>
      new LineChild({
        command,
        args: [query, '--format=csv,noheader,nounits', '-lms', String(EVERY_MS)],
        onLine,
        ...(restMs !== undefined && { restMs })
      })
    this.gpus = child(`--query-gpu=${GPUS}`, this.onGpu.bind(this))
    this.apps = child(`--query-compute-apps=${APPS}`, this.onApp.bind(this))
  }

  async read(pids: readonly number[]): Promise<GpuMemory | null> {
    await Promise.all([this.gpus.started(), this.apps.started()])
    if (this.gpus.isMissing || this.hasNone) return null
    const now = performance.now()
    const cards = [...this.cards].filter(([, { atMs }]) => now - atMs < FRESH_MS)
    const told = cards.map(([uuid, card]) => ({ card, ours: this.oursOn(uuid, pids, now) }))
    // The one that we are on; where we are on none, the first.
    const [best] = told.sort((a, b) => (b.ours ?? 0) - (a.ours ?? 0))
    if (best === undefined) return { kind: 'unknown', why: 'unreadable' }
    const { name, totalBytes, usedBytes } = best.card
    const othersBytes = Math.max(0, usedBytes - (best.ours ?? 0))
    return { kind: 'known', name, totalBytes, oursBytes: best.ours, othersBytes }
  }

  close(): void {
    this.gpus.close()
    this.apps.close()
  }

  private oursOn(uuid: string, pids: readonly number[], now: number): number | null {
    if (!this.apps.isRunning) return null
    let sum = 0
    for (const pid of pids) {
      const use = this.uses.get(`${uuid} ${pid}`)
      if (use === undefined || now - use.atMs >= FRESH_MS) continue
      if (use.bytes === null) return null
      sum += use.bytes
    }
    return sum
  }

  private onGpu(line: string): void {
    if (/no devices were found/iu.test(line)) this.hasNone = true
    const [uuid, name, total, used] = cells(line)
    if (!uuid?.startsWith('GPU-') || name === undefined) return
    const [totalMb, usedMb] = [Number(total), Number(used)]
    // "[N/A]" and the like is no figure.
    if (!(totalMb > 0) || !(usedMb >= 0)) return
    this.cards.set(uuid, { name, totalBytes: totalMb * MB, usedBytes: usedMb * MB, atMs: performance.now() })
  }

  private onApp(line: string): void {
    const [uuid, pid, used] = cells(line)
    if (!uuid?.startsWith('GPU-') || !(Number(pid) > 0)) return
    if (this.uses.size > MAX_USES) this.uses.clear()
    const bytes = /^\d+$/u.test(used ?? '') ? Number(used) * MB : null
    this.uses.set(`${uuid} ${Number(pid)}`, { bytes, atMs: performance.now() })
  }
}

/** Processes that came and went: all are forgotten, those that are there are told again at once. */
const MAX_USES = 1000

function cells(line: string): string[] {
  return line.split(',').map((cell) => cell.trim())
}
