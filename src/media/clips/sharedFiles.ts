import type { HeardFile, ReadState } from './heardFile'
import { framesAt } from './pairedFile'
import type { KnownLength } from './pairedFile'

interface Shared {
  readonly file: HeardFile
  readonly users: Set<SharedUse>
}

/** Files that are being decoded, by their keys: whoever opens one meanwhile reads along, instead of decoding it again. */
export class SharedFiles {
  private readonly files = new Map<string, Shared>()

  /** Null where nobody decodes it, where that failed, or where it was promised another length. */
  join(key: string, known: KnownLength | null): HeardFile | null {
    const shared = this.files.get(key)
    if (shared?.file.state.failure !== null) return null
    if (known !== null && framesAt(known, shared.file.sampleRateHz) !== shared.file.frames) return null
    return this.use(key, shared)
  }

  /** The file is closed with the last who uses it. */
  add(key: string, file: HeardFile): HeardFile {
    const shared: Shared = { file, users: new Set() }
    file.onProgress = () => {
      for (const user of shared.users) user.onProgress?.()
    }
    this.files.set(key, shared)
    return this.use(key, shared)
  }

  private use(key: string, shared: Shared): HeardFile {
    const use = new SharedUse(shared.file, async () => {
      shared.users.delete(use)
      if (shared.users.size > 0) return
      if (this.files.get(key) === shared) this.files.delete(key)
      await shared.file.close()
    })
    shared.users.add(use)
    return use
  }
}

/** One clip's hold on a file that others may read as well. */
class SharedUse implements HeardFile {
  readonly path: string
  readonly stream: number
  readonly sampleRateHz: number
  readonly sourceChannels: number
  readonly channels: 1 | 2
  readonly frames: number
  onProgress: (() => void) | null = null
  private isClosed = false

  constructor(
    private readonly file: HeardFile,
    private readonly leave: () => Promise<void>
  ) {
    this.path = file.path
    this.stream = file.stream
    this.sampleRateHz = file.sampleRateHz
    this.sourceChannels = file.sourceChannels
    this.channels = file.channels
    this.frames = file.frames
  }

  get state(): ReadState {
    return this.file.state
  }

  read(startFrame: number, out: readonly Float32Array[], signal: AbortSignal): Promise<void> {
    return this.file.read(startFrame, out, signal)
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    await this.leave()
  }
}
