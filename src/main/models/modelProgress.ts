/** What is being done with a model, in order as far as it applies. */
export type ModelPhase = 'download' | 'hash' | 'inspect' | 'convert' | 'copy' | 'check' | 'verify'

export interface ModelProgress {
  readonly phase: ModelPhase
  /** 0 to 1 of the phase; null where it has no measure. */
  readonly fraction: number | null
}

export interface ModelTask {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ModelProgress) => void) | undefined
}
