import type { ErrorPayload } from '../errors/appError'

/** Every answer that crosses to the window: exceptions do not survive the bridge, codes do. */
export type Envelope<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly error: ErrorPayload }
