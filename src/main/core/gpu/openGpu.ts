import { DrmReader } from './drmReader'
import { GpuReaders, type GpuReader } from './gpuReader'
import { NvidiaReader } from './nvidiaReader'

/** No way of asking is known here: whether there is a GPU, and what it holds, cannot be told. */
const UNREADABLE: GpuReader = {
  read: () => Promise.resolve({ kind: 'unknown', why: 'unreadable' }),
  close: () => undefined
}

/** The readers that this system has. */
export function openGpu(platform: NodeJS.Platform = process.platform): GpuReaders {
  const nvidia = new NvidiaReader()
  return new GpuReaders(platform === 'linux' ? [nvidia, new DrmReader()] : [nvidia, UNREADABLE])
}
