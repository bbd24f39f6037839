/** What the memory panel shows. Bytes, seconds, milliseconds of the clock throughout. */

/** GPU memory now, as the machine tells it; `why` says what kept a figure from being had. */
export type GpuMemory =
  | {
      readonly kind: 'known'
      readonly name: string
      readonly totalBytes: number
      /** Of our processes; null where the machine tells the sum of all only. */
      readonly oursBytes: number | null
      readonly othersBytes: number
    }
  | { readonly kind: 'unknown'; readonly why: 'none' | 'unreadable' }

/** Memory at one moment; the engine's is null while it does not run. At 2 Hz or better while a batch runs. */
export interface Metrics {
  readonly atMs: number
  /** Resident memory of the engine process, read from outside by its pid. */
  readonly engineRssBytes: number | null
  readonly enginePeakRssBytes: number
  /** Of main, the media process and the window's processes together, as far as the system tells. */
  readonly appRssBytes: number
  readonly totalBytes: number
  readonly availableBytes: number
  readonly gpu: GpuMemory
}

/** A file began: a mark on the graph. */
export interface FileMark {
  readonly atMs: number
  readonly jobId: string
  readonly name: string
}

/** What was kept for a window that opens late: the last half an hour. */
export interface MetricsHistory {
  readonly samples: readonly Metrics[]
  readonly marks: readonly FileMark[]
}

/** The five measures, live, as the engine itself tells them. */
export interface EngineFacts {
  /** What was loaded where and how it was verified. */
  readonly loaded: {
    readonly modelName: string
    readonly fileName: string
    readonly sizeBytes: number
    readonly device: string
    /** Of the very bytes that were loaded. */
    readonly sha256: string
    /** Whether it was compared with the catalog's; an own model has nothing to be compared with. */
    readonly isVerified: boolean
    readonly graph: 'stateful' | 'onePass' | 'foreign'
    readonly loadSec: number
  }
  /** Tensors that live now and those given back since the start. */
  readonly buffers: {
    readonly inUse: number
    readonly inUseBytes: number
    readonly givenBack: number
    readonly givenBackBytes: number
  }
  readonly flight: {
    readonly chunkSec: number
    readonly batch: number
    /** Lanes in the last run. */
    readonly lanes: number
  }
  readonly precision: 'fp32' | 'fp16'
  readonly session: {
    readonly ageSec: number
    readonly runs: number
    readonly files: number
    /** Sessions opened since the app started: one, but for other settings or a crash. */
    readonly generation: number
  }
}
