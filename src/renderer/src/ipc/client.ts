import type { ErrorCode, ErrorPayload } from '../../../shared/errors/appError'
import type { StillwaveApi } from '../../../shared/ipc/api'
import type { AnswerOf, RequestOf, RouteName } from '../../../shared/ipc/contract'
import type { Envelope } from '../../../shared/ipc/envelope'
import type { PushEvent } from '../../../shared/ipc/views'

/** What main said no to, by code. `data` holds the values of the code's sentence. */
export class ClientError extends Error {
  readonly code: ErrorCode
  readonly data: ErrorPayload['data']

  constructor({ code, data }: ErrorPayload) {
    super(data.detail === undefined ? code : `${code}: ${data.detail}`)
    this.name = 'ClientError'
    this.code = code
    this.data = data
  }

  toPayload(): ErrorPayload {
    return { code: this.code, data: this.data }
  }
}

/** Anything thrown, as a payload that can be shown. What is not a {@link ClientError} is a bug of the window and says so. */
export function payloadOf(thrown: unknown): ErrorPayload {
  if (thrown instanceof ClientError) return thrown.toPayload()
  return { code: 'E_INTERNAL', data: { detail: thrown instanceof Error ? thrown.message : String(thrown) } }
}

/** Whether the preload did its work; without it there is no app, only a page. */
export function hasApi(): boolean {
  return typeof (window as { stillwave?: unknown }).stillwave === 'object'
}

function api(): StillwaveApi {
  if (!hasApi()) throw new ClientError({ code: 'E_INTERNAL', data: { detail: 'the preload is missing' } })
  return window.stillwave
}

/** Asks main; an envelope that is not ok becomes a {@link ClientError}. */
export async function call<N extends RouteName>(name: N, request: RequestOf<N>): Promise<AnswerOf<N>> {
  const dot = name.indexOf('.')
  const groups = api() as unknown as Record<
    string,
    Record<string, (request: RequestOf<N>) => Promise<Envelope<AnswerOf<N>>>>
  >
  const method = groups[name.slice(0, dot)]?.[name.slice(dot + 1)]
  if (!method) throw new ClientError({ code: 'E_INTERNAL', data: { detail: `the preload has no ${name}` } })
  const answer = await method(request)
  if (!answer.ok) throw new ClientError(answer.error)
  return answer.data
}

type Topic = PushEvent['topic']
export type PushOf<T extends Topic> = Extract<PushEvent, { topic: T }>

/** Listens to one topic of what main tells; gives back the end of it. */
export function onPush<T extends Topic>(topic: T, listener: (event: PushOf<T>) => void): () => void {
  return api().onPush((event) => {
    if (event.topic === topic) listener(event as PushOf<T>)
  })
}

/** The paths behind files of a real drop. */
export function pathsOf(files: readonly File[]): readonly string[] {
  return api().pathsOf(files)
}
