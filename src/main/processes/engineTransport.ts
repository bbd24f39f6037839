import type { EngineRequest } from '../../engine/protocol'
import type { ProcessTransport } from './processTransport'

export type { ExitInfo } from './processTransport'

/** One engine process. */
export type EngineTransport = ProcessTransport<EngineRequest>

/** Starts one more engine process. */
export type OpenTransport = () => EngineTransport
