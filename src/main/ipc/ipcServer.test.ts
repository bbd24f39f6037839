import { beforeEach, describe, expect, test, vi } from 'vitest'
import { AppError, ERROR_CODES } from '../../shared/errors/appError'
import { INVOKE_CHANNEL } from '../../shared/ipc/channels'
import { CONTRACT, type Handlers, type RequestOf, type RouteName } from '../../shared/ipc/contract'
import type { Envelope } from '../../shared/ipc/envelope'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { hostilePayloads } from './hostilePayloads.testkit'
import { serveIpc } from './ipcServer'
import type { SenderFrame } from './senderCheck'

type Listener = (event: unknown, call: unknown) => Envelope<unknown> | Promise<Envelope<unknown>>

const registered = vi.hoisted(() => new Map<string, unknown>())
vi.mock('electron', () => ({
  ipcMain: {
    handle: (channel: string, listener: unknown) => {
      registered.set(channel, listener)
    }
  }
}))

const ORIGIN = 'app://stillwave'
const ROUTES = Object.keys(CONTRACT) as RouteName[]
const TOP_FRAME: SenderFrame = { parent: null, origin: ORIGIN, detached: false }

/** A request of each route as the window would send it. */
const JOBS = { jobIds: ['a', 'b'] }
const ONE_FILE = { jobId: 'a', which: 'result' } as const
const CLIP = { token: 't' }
const VALID: { readonly [N in RouteName]: RequestOf<N> } = {
  'app.snapshot': {},
  'app.licences': {},
  'queue.addPaths': { paths: ['/music'] },
  'queue.pick': { what: 'files' },
  'queue.watchFolder': {},
  'queue.cancelScan': { scanId: 's' },
  'queue.start': {},
  'queue.pause': {},
  'queue.resume': {},
  'queue.stop': {},
  'queue.stopAfter': { on: true },
  'queue.cancel': JOBS,
  'queue.retry': JOBS,
  'queue.changeStrength': { ...JOBS, strengthPercent: 70, floorDb: null },
  'kept.size': {},
  'kept.clear': {},
  'queue.remove': JOBS,
  'queue.move': { ...JOBS, beforeId: null },
  'queue.runNext': JOBS,
  'queue.clearFinished': {},
  'queue.saveReport': {},
  'queue.applySettings': {},
  'queue.preflight': { settings: DEFAULT_JOB_SETTINGS },
  'queue.outlook': {},
  'queue.saveOutlook': {},
  'queue.recover': { choice: 'continue' },
  'settings.patch': { theme: 'dark', job: { output: { place: 'beside' } } },
  'settings.pickFolder': {},
  'settings.pickFfmpeg': {},
  'engine.retry': {},
  'job.reveal': ONE_FILE,
  'job.open': ONE_FILE,
  'job.copyReport': { jobId: 'a' },
  'player.open': { jobId: 'a', previewId: null },
  'player.close': CLIP,
  'player.peaks': { ...CLIP, signal: 'removed', startFrame: 0, endFrame: 16_000, bins: 800 },
  'player.tile': { ...CLIP, signal: 'clean', level: 3, index: 7 },
  'player.loudness': { ...CLIP, startFrame: 0, endFrame: 16_000 },
  'preview.start': { jobId: 'a', startSec: null, lengthSec: 15 },
  'preview.cancel': { previewId: 'p' },
  'metrics.history': {},
  'bench.view': {},
  'bench.start': { jobId: null, isQuick: false },
  'bench.cancel': {},
  'bench.export': {},
  'models.addPaths': { paths: ['/models/net.pt'] },
  'models.pick': {},
  'models.download': { id: 'm' },
  'models.verify': { id: null },
  'models.selfCheck': { id: 'm', device: 'cpu' },
  'models.remove': { id: 'm' },
  'models.cancelTask': { taskId: 't' },
  'models.dismissTask': { taskId: 't' },
  'models.reveal': { id: null },
  'updates.view': {},
  'updates.ask': {},
  'devices.view': {},
  'devices.probe': { device: 'webgpu' },
  'devices.getCuda': {},
  'devices.cancel': {},
  'app.cancelCountdown': {},
  'app.openLogs': {},
  'diagnostics.save': {},
  'diagnostics.reveal': {}
}

interface Setup {
  readonly calls: { route: string; request: unknown }[]
  readonly logged: string[]
  readonly invoke: (
    call: unknown,
    from?: { contentsId?: number; frame?: SenderFrame | null }
  ) => Promise<Envelope<unknown>>
}

/** A server whose handlers note what reaches them, or do what `act` does. */
function serve(act: (route: string) => unknown = () => null, windowId: number | null = 1): Setup {
  const calls: { route: string; request: unknown }[] = []
  const logged: string[] = []
  const handlers = Object.fromEntries(
    ROUTES.map((route) => [
      route,
      async (request: unknown) => {
        calls.push({ route, request })
        return act(route)
      }
    ])
  ) as unknown as Handlers
  serveIpc({
    handlers,
    origin: ORIGIN,
    contents: () => (windowId === null ? null : { id: windowId }),
    log: (line) => logged.push(line)
  })
  const listener = registered.get(INVOKE_CHANNEL) as Listener
  return {
    calls,
    logged,
    invoke: async (call, { contentsId = 1, frame = TOP_FRAME } = {}) =>
      listener({ sender: { id: contentsId }, senderFrame: frame }, call)
  }
}

beforeEach(() => {
  registered.clear()
})

describe('who asks (a frame, a second window or a gone page could command main)', () => {
  const call = { route: 'queue.start', request: {} }
  const hostile: [string, { contentsId?: number; frame?: SenderFrame | null }][] = [
    ['another window', { contentsId: 2 }],
    ['no frame', { frame: null }],
    ['a detached frame', { frame: { ...TOP_FRAME, detached: true } }],
    ['an iframe of our own origin', { frame: { ...TOP_FRAME, parent: TOP_FRAME } }],
    ['another origin', { frame: { ...TOP_FRAME, origin: 'https://stillwave' } }],
    ['an origin that begins like ours', { frame: { ...TOP_FRAME, origin: `${ORIGIN}.evil` } }],
    ['about:blank', { frame: { ...TOP_FRAME, origin: 'null' } }],
    ['an empty origin', { frame: { ...TOP_FRAME, origin: '' } }]
  ]
  test.each(hostile)('%s is refused with a typed error, before anything is read', async (_name, from) => {
    const { invoke, calls } = serve()
    const answer = await invoke(call, from)
    expect(answer).toMatchObject({ ok: false, error: { code: 'E_BAD_REQUEST' } })
    expect(calls).toEqual([])
  })

  test('nobody is ours once the window is gone', async () => {
    const { invoke, calls } = serve(() => null, null)
    expect(await invoke(call)).toMatchObject({ ok: false, error: { code: 'E_BAD_REQUEST' } })
    expect(calls).toEqual([])
  })

  test('our own top frame is heard (a check that refuses all would pass the above)', async () => {
    const { invoke, calls } = serve(() => 'yes')
    expect(await invoke(call)).toEqual({ ok: true, data: 'yes' })
    expect(calls).toEqual([{ route: 'queue.start', request: {} }])
  })
})

describe('what is asked', () => {
  const notCalls: unknown[] = [
    undefined,
    null,
    1,
    'queue.start',
    [],
    ['queue.start', {}],
    {},
    { route: 1, request: {} },
    { route: 'queue.start', request: {}, more: 1 },
    { route: 'queue.nothing', request: {} },
    { route: '__proto__', request: {} },
    { route: 'constructor', request: {} },
    { route: 'toString', request: {} },
    { route: 'hasOwnProperty', request: {} },
    { route: 'x'.repeat(1_000_000), request: {} }
  ]
  test.each(notCalls.map((call) => [call]))('%j is no call of the contract', async (call) => {
    const { invoke, calls } = serve()
    expect(await invoke(call)).toMatchObject({ ok: false, error: { code: 'E_BAD_REQUEST' } })
    expect(calls).toEqual([])
  })

  test.each(ROUTES.map((route) => [route]))(
    '%s: 200 hostile payloads get typed errors or reach the handler parsed',
    async (route) => {
      const { invoke, calls } = serve()
      const payloads = hostilePayloads(route, VALID[route], 200)
      let refused = 0
      for (const request of payloads) {
        const before = calls.length
        const answer = await invoke({ route, request })
        const parsed = CONTRACT[route].request.safeParse(request)
        if (parsed.success) {
          expect(answer).toEqual({ ok: true, data: null })
          expect(calls.slice(before)).toEqual([{ route, request: parsed.data }])
        } else {
          refused++
          expect(answer.ok).toBe(false)
          if (!answer.ok) expect(answer.error.code).toBe('E_BAD_REQUEST')
          expect(calls.length).toBe(before)
        }
      }
      expect(payloads.length).toBe(200)
      expect(refused).toBeGreaterThan(100)
      expect(refused).toBeLessThan(200)
    }
  )

  test('an answer to a refused request does not give back what was in it (a secret would land in the log)', async () => {
    const { invoke, logged } = serve()
    const answer = await invoke({ route: 'queue.addPaths', request: { paths: [{ secret: 'hunter2' }] } })
    expect(JSON.stringify([answer, logged])).not.toContain('hunter2')
  })
})

describe('what a handler throws', () => {
  test('a typed error crosses with its data', async () => {
    const { invoke } = serve(() => {
      throw new AppError('E_DISK_FULL', { path: '/a' })
    })
    expect(await invoke({ route: 'queue.start', request: {} })).toEqual({
      ok: false,
      error: { code: 'E_DISK_FULL', data: { path: '/a' } }
    })
  })

  test.each([
    ['an Error', new TypeError('secret inside')],
    ['a string', 'secret inside'],
    ['undefined', undefined],
    ['a number', 42]
  ])('%s becomes E_INTERNAL; its text and stack stay in the log', async (_name, thrown) => {
    const { invoke, logged } = serve(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what libraries do
      throw thrown
    })
    const answer = await invoke({ route: 'queue.start', request: {} })
    expect(answer).toEqual({ ok: false, error: { code: 'E_INTERNAL', data: {} } })
    expect(logged.length).toBe(1)
    expect(logged[0]).toContain(thrown instanceof Error ? thrown.message : String(thrown))
  })

  test('an error of the file system keeps its own code', async () => {
    const { invoke } = serve(() => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    })
    const answer = await invoke({ route: 'queue.start', request: {} })
    expect(answer.ok ? null : answer.error.code).toBe('E_DISK_FULL')
    expect(ERROR_CODES).toContain('E_DISK_FULL')
  })
})
