import type { ModelPhase } from '../../shared/ipc/modelViews'

export interface ModelProgress {
  readonly phase: ModelPhase
  /** 0 to 1 of the phase; null where it has no measure. */
  readonly fraction: number | null
}

export interface ModelTask {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ModelProgress) => void) | undefined
}
