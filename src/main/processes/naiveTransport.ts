import type { NaiveRequest } from '../../engine/protocol'
import type { ProcessTransport } from './processTransport'

/** One process that denoises the naive way. */
export type NaiveTransport = ProcessTransport<NaiveRequest>

/** Starts one more. */
export type OpenNaiveTransport = () => NaiveTransport
