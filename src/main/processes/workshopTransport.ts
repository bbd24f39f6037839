import type { WorkshopRequest } from '../../engine/workshopProtocol'
import type { ProcessTransport } from './processTransport'

/** One process that deals with model files. */
export type WorkshopTransport = ProcessTransport<WorkshopRequest>

/** Starts one more. */
export type OpenWorkshopTransport = () => WorkshopTransport
