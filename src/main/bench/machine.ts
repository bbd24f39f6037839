import { cpus } from 'node:os'
import type { BenchReport } from '../../shared/ipc/benchViews'
import { totalBytes } from '../core/metricsSampler'

/** What a figure was measured on. */
export function machineOf(): BenchReport['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalBytes(),
    platform: `${process.platform} ${process.arch}`
  }
}
