import type { StillwaveApi } from '../../src/shared/ipc/api'

declare global {
  interface Window {
    readonly stillwave: StillwaveApi
  }
}
