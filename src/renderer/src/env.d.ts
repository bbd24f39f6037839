/// <reference types="vite/client" />
import type { StillwaveApi } from '../../shared/ipc/api'

declare global {
  interface Window {
    readonly stillwave: StillwaveApi
  }
}
