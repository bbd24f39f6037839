import { emptyQueue } from '../../../shared/jobs/reduceQueue'
import type { StillwaveApi } from '../../../shared/ipc/api'
import { CONTRACT, type AnswerOf, type RequestOf, type RouteName } from '../../../shared/ipc/contract'
import type { PushEvent, Snapshot } from '../../../shared/ipc/views'
import { DEFAULT_APP_SETTINGS } from '../../../shared/settings/appSettings'
import type { ErrorPayload } from '../../../shared/errors/appError'

type Answers = { readonly [N in RouteName]?: (request: RequestOf<N>) => AnswerOf<N> | Promise<AnswerOf<N>> }

/** A refusal that a fake route throws to answer `{ok: false}`. */
export class FakeRefusal extends Error {
  constructor(readonly payload: ErrorPayload) {
    super(payload.code)
  }
}

export interface FakeApi {
  readonly api: StillwaveApi
  /** Every request so far, in order. */
  readonly calls: { readonly route: RouteName; readonly request: unknown }[]
  readonly requestsOf: <N extends RouteName>(route: N) => RequestOf<N>[]
  readonly push: (event: PushEvent) => void
  readonly listeners: () => number
}

/** A snapshot of an app at rest with an empty list. */
export function restingSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    info: {
      version: '0.1.0',
      platform: 'linux',
      arch: 'x64',
      cpuModel: 'Test CPU',
      cores: 8,
      totalBytes: 16e9,
      ffmpeg: { path: '/usr/bin/ffmpeg', version: '5.1', origin: 'path', lacks: [] },
      ffmpegError: null,
      logFolder: '/logs',
      locale: 'en-GB'
    },
    queue: emptyQueue('epoch-1'),
    settings: { ...DEFAULT_APP_SETTINGS, language: 'en', theme: 'light' },
    models: [
      {
        id: 'frcrn-lite',
        name: 'FRCRN-lite',
        licence: 'Apache-2.0',
        hasStateful: true,
        chunkSec: 1,
        sizeBytes: 3_500_000,
        sha256: null,
        precisions: ['fp32'],
        selfChecks: []
      }
    ],
    shelf: { folder: '/data/models', defaultId: 'frcrn-lite', models: [], offers: [], tasks: [] },
    engine: { kind: 'stopped' },
    progress: [],
    batch: null,
    recovery: null,
    scans: [],
    watch: null,
    facts: null,
    ...change
  }
}

/** A `window.stillwave` for tests. Requests are parsed with the contract as main would; routes without an answer give null. */
export function fakeApi(answers: Answers = {}): FakeApi {
  const calls: FakeApi['calls'] = []
  const listeners = new Set<(event: PushEvent) => void>()
  const table = answers as Record<string, ((request: unknown) => unknown) | undefined>
  const ask = async (route: RouteName, request: unknown): Promise<unknown> => {
    calls.push({ route, request: CONTRACT[route].request.parse(request) })
    const preset: Record<string, unknown> = { 'app.snapshot': restingSnapshot() }
    try {
      const answer = table[route]
      return { ok: true, data: answer ? await answer(request) : (preset[route] ?? null) }
    } catch (thrown) {
      if (thrown instanceof FakeRefusal) return { ok: false, error: thrown.payload }
      throw thrown
    }
  }
  return {
    api: buildApi(ask, listeners),
    calls,
    requestsOf: <N extends RouteName>(route: N) =>
      calls.filter((entry) => entry.route === route).map((entry) => entry.request as RequestOf<N>),
    push: (event) => {
      for (const listener of [...listeners]) listener(event)
    },
    listeners: () => listeners.size
  }
}

function buildApi(
  ask: (route: RouteName, request: unknown) => Promise<unknown>,
  listeners: Set<(event: PushEvent) => void>
): StillwaveApi {
  const groups: Record<string, Record<string, (request: unknown) => Promise<unknown>>> = {}
  for (const route of Object.keys(CONTRACT) as RouteName[]) {
    const [group = '', method = ''] = route.split('.')
    groups[group] = { ...groups[group], [method]: (request) => ask(route, request) }
  }
  return {
    ...groups,
    pathsOf: (files: readonly File[]) => files.map((file) => `/dropped/${file.name}`),
    onPush: (listener: (event: PushEvent) => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  } as unknown as StillwaveApi
}

/** Puts a fake in `window.stillwave`'s place. */
export function installFake(fake: FakeApi): void {
  Object.defineProperty(window, 'stillwave', { value: fake.api, configurable: true, writable: true })
}
