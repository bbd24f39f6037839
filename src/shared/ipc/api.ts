import type { AnswerOf, RequestOf, RouteName } from './contract'
import type { Envelope } from './envelope'
import type { PushEvent } from './views'

type Group<N extends string> = N extends `${infer G}.${string}` ? G : never
type Method<N extends string, G extends string> = N extends `${G}.${infer M}` ? M : never

/** One method for every route, by group: `queue.start` is `stillwave.queue.start({})`. */
export type RouteApi = {
  readonly [G in Group<RouteName>]: {
    readonly [M in Method<RouteName, G>]: `${G}.${M}` extends infer N extends RouteName
      ? (request: RequestOf<N>) => Promise<Envelope<AnswerOf<N>>>
      : never
  }
}

/** All of `window.stillwave`: what the preload exposes, and nothing else. */
export interface StillwaveApi extends RouteApi {
  /** The paths behind files of a real drop; files made in the page have none and are left out. */
  readonly pathsOf: (files: readonly File[]) => readonly string[]
  /** Listens to what main tells; gives back the end of it. Data only, never an event object. */
  readonly onPush: (listener: (event: PushEvent) => void) => () => void
}
