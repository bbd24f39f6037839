import type { MediaRequest } from '../../media/protocol'
import type { ProcessTransport } from './processTransport'

/** One media process. */
export type MediaTransport = ProcessTransport<MediaRequest>

/** Starts one more media process. */
export type OpenMediaTransport = () => MediaTransport
