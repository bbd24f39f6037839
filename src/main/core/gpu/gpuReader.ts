import type { GpuMemory } from '../../../shared/ipc/memoryViews'

/** One way of asking a machine for its GPU's memory. */
export interface GpuReader {
  /** Memory now, `pids` being ours; null where this way does not lead to a GPU of this machine. */
  read(pids: readonly number[]): Promise<GpuMemory | null>
  close(): void
}

/** Asks its readers one by one: the first that knows a GPU is believed, and one that cannot be read is told before none. */
export class GpuReaders implements GpuReader {
  constructor(private readonly readers: readonly GpuReader[]) {}

  async read(pids: readonly number[]): Promise<GpuMemory> {
    let unknown: GpuMemory = { kind: 'unknown', why: 'none' }
    for (const reader of this.readers) {
      const memory = await reader.read(pids)
      if (memory?.kind === 'known') return memory
      if (memory?.why === 'unreadable') unknown = memory
    }
    return unknown
  }

  close(): void {
    for (const reader of this.readers) reader.close()
  }
}
