import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NaiveRequest } from '../../engine/protocol'
import { BenchReport, type BenchRow, type BenchStep, type BenchView } from '../../shared/ipc/benchViews'
import type { PushEvent } from '../../shared/ipc/views'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { CoreBench, ENGINE, isBuilt } from '../core/core.testkit'
import { ModelLibrary } from '../models/library'
import { forkTransport, naiveForkTransport } from '../processes/forkTransport'
import type { NaiveTransport } from '../processes/naiveTransport'
import { BenchService, type BenchOptions } from './benchService'
import type { MeasurePlan } from './measurePlan'

const NAIVE = path.resolve('out/main/naive.js')
const isLongForm = process.env.STILLWAVE_LONG === '1'
/** Seconds of work, not minutes. */
const SHORT: MeasurePlan = { minSec: 6, maxSec: 8, growthFiles: 2, repeats: 1 }

/** A folder with recordings in it; the core in it is open for the tests that need it. */
let place: CoreBench
let service: BenchService | null = null
let pids: number[] = []
beforeEach(() => {
  place = new CoreBench()
  pids = []
})
afterEach(async () => {
  await service?.close()
  service = null
  await place.remove()
})

function open(over: Partial<BenchOptions> = {}): { service: BenchService; views: BenchView[] } {
  const views: BenchView[] = []
  const noted = <T extends { readonly pid: number | undefined }>(transport: T): T => {
    if (transport.pid !== undefined) pids.push(transport.pid)
    return transport
  }
  const { openNaive = () => naiveForkTransport(NAIVE), ...others } = over
  service = new BenchService({
    models: new ModelLibrary(path.resolve('models')),
    openEngine: () => noted(forkTransport(ENGINE)),
    openNaive: () => noted(openNaive()),
    version: '9.9.9',
    samplesFolder: path.resolve('demo'),
    cleanSamplesFolder: path.resolve('demo-clean'),
    cacheFolder: place.at('cache'),
    settings: () => DEFAULT_JOB_SETTINGS,
    deviceFor: () => Promise.resolve('cpu'),
    ffmpegPath: () => null,
    sourceOf: (name) => Promise.resolve(place.wav(name, 3)),
    onModelTrouble: () => undefined,
    isBusy: () => false,
    push: (event: PushEvent) => {
      if (event.topic === 'bench') views.push(event.bench)
    },
    plan: SHORT,
    ...others
  })
  return { service, views }
}

async function ended(views: readonly BenchView[]): Promise<BenchView> {
  for (;;) {
    const last = views.at(-1)
    if (last !== undefined && last.kind !== 'running') return last
    await sleep(20)
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10)
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** A naive process whose requests and answers the test may change. */
function altered(
  over: { send?: (request: NaiveRequest, transport: NaiveTransport) => void; answer?: (message: object) => object } = {}
): NaiveTransport {
  const transport = naiveForkTransport(NAIVE)
  return {
    get pid() {
      return transport.pid
    },
    get isAlive() {
      return transport.isAlive
    },
    send: (request) => {
      transport.send(request)
      over.send?.(request, transport)
    },
    onMessage: (listener) => {
      transport.onMessage((message) => {
        listener(over.answer?.(message as object) ?? message)
      })
    },
    onExit: (listener) => {
      transport.onExit(listener)
    },
    kill: () => {
      transport.kill()
    }
  }
}

const isWhole = (request: NaiveRequest): boolean =>
  request.type === 'denoiseWhole' && request.inputPaths.some((name) => name.endsWith('noisy.wav'))

describe.skipIf(!isBuilt() || !existsSync(NAIVE))('BenchService over the real processes', () => {
  it('measures the bundled samples: every row, in order, told as they complete', async () => {
    const { service, views } = open()
    await service.handlers['bench.start']({ jobId: null, isQuick: false })
    expect(service.isRunning).toBe(true)
    const view = await ended(views)
    expect(view).toMatchObject({ kind: 'idle' })
    const report = BenchReport.parse(view.kind === 'idle' && view.report)
    expect(service.report).toEqual(report)
    expect(report).toMatchObject({ model: 'frcrn-lite', device: 'cpu', growthFiles: 2, app: '9.9.9' })
    expect(report.material).toMatchObject({ audioSec: 8, treatment: 'cut', hasReference: true })
    const rows = Object.fromEntries(report.rows.map((row) => [row.id, row]))
    expect(Object.keys(rows)).toEqual(['peakRss', 'wallTime', 'cpuTime', 'growth', 'siSdr', 'stoi', 'agreement'])
    for (const { id, naive, stillwave, article } of report.rows) {
      if (id !== 'agreement') expect(typeof naive, id).toBe('number')
      expect([typeof stillwave, typeof article], id).toEqual(['number', 'number'])
    }
    // The very same model: a difference would be a way of one's own to read, level or write.
    expect(rows.agreement!.stillwave).toBeGreaterThan(15)
    expect(Math.abs(Number(rows.siSdr!.naive) - Number(rows.siSdr!.stillwave))).toBeLessThan(1)
    expect(rows.peakRss!.naive).toBeGreaterThan(5e7)
    const fractions = views.flatMap((each) => (each.kind === 'running' ? [each.fraction] : []))
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    const steps = views.flatMap((each) => (each.kind === 'running' ? [each.step] : []))
    expect([...new Set(steps)]).toEqual(['prepare', 'naive', 'stillwave', 'article', 'growth', 'score'])
    const counts = views.flatMap((each) => (each.kind === 'running' ? [each.rows.length] : []))
    expect([...new Set(counts)]).toEqual([0, 3, 4])
    expect(place.files('cache')).toEqual([])
    expect(pids.filter(isAlive)).toEqual([])
  }, 240_000)

  it("measures the user's own file, which is short and has no clean track, in a copy of its own", async () => {
    const { service, views } = open()
    await service.start('talk.wav')
    const view = await ended(views)
    const report = BenchReport.parse(view.kind === 'idle' && view.report)
    expect(report.material).toEqual({ name: 'talk.wav', audioSec: 6, treatment: 'looped', hasReference: false })
    const rows = Object.fromEntries(report.rows.map((row) => [row.id, row]))
    expect(rows.siSdr!.stillwave).toEqual({ why: 'noReference', expectedBytes: null })
    expect(rows.stoi!.naive).toEqual({ why: 'noReference', expectedBytes: null })
    expect(place.files('.').filter((name) => !name.startsWith('data'))).toEqual(['talk.wav'])
  }, 240_000)

  // A process of the naive way, and one of our own; in the long form every step.
  it.each((isLongForm ? ['prepare', 'naive', 'stillwave', 'growth'] : ['naive', 'stillwave']) as readonly BenchStep[])(
    'cancelled while it does %s it leaves no process and no file, and begins anew',
    async (step) => {
      const { service, views } = open()
      await service.start(null)
      await until(() => views.some((view) => view.kind === 'running' && view.step === step))
      await sleep(150)
      const cancelledMs = performance.now()
      await service.handlers['bench.cancel']({})
      expect(performance.now() - cancelledMs).toBeLessThan(3000)
      expect(views.at(-1)).toEqual({ kind: 'idle', report: null })
      expect(pids.filter(isAlive)).toEqual([])
      expect(existsSync(place.at('cache', 'bench'))).toBe(false)
      expect(service.isRunning).toBe(false)
      const before = views.length
      await sleep(300)
      expect(views).toHaveLength(before)
      await service.start(null)
    },
    60_000
  )

  it('a naive process that the system ends for its memory is a figure that is missing, not a failure', async () => {
    const openNaive = (): NaiveTransport =>
      altered({
        send: (request, transport) => {
          if (isWhole(request)) transport.kill()
        }
      })
    const { service, views } = open({ openNaive, plan: { ...SHORT, minSec: 3, maxSec: 4 } })
    await service.start(null)
    const view = await ended(views)
    const report = BenchReport.parse(view.kind === 'idle' && view.report)
    const [peak] = report.rows
    expect(peak!.naive).toMatchObject({ why: 'tooLarge' })
    expect(peak!.naive).toHaveProperty('expectedBytes', expect.any(Number))
    expect(peak!.stillwave).toBeGreaterThan(5e7)
    expect(report.rows.at(-1)).toMatchObject({ id: 'agreement', stillwave: { why: 'notRun' } })
    expect(typeof report.rows.find(({ id }) => id === 'siSdr')!.stillwave).toBe('number')
  }, 240_000)

  it('a naive run that two short ones say is too large for the machine is not even begun', async () => {
    let wholeRuns = 0
    const openNaive = (): NaiveTransport =>
      altered({
        send: (request) => {
          if (isWhole(request)) wholeRuns++
        },
        // As of a network a few thousand times the size.
        answer: (message) => {
          const { audioSec } = message as { audioSec: number }
          return 'wallSec' in message ? { ...message, peakRssBytes: 1e12 * audioSec } : message
        }
      })
    const { service, views } = open({ openNaive })
    await service.start(null)
    // The rest of the table is the first test's.
    const rows = (): readonly BenchRow[] => views.flatMap((view) => (view.kind === 'running' ? view.rows : []))
    await until(() => rows().length > 0)
    expect(rows()[0]!.naive).toEqual({ why: 'tooLarge', expectedBytes: 8e12 })
    expect(wholeRuns).toBe(0)
    await service.handlers['bench.cancel']({})
  }, 240_000)

  it('asks what auto stands for, and says that device (a report named what was asked for)', async () => {
    const asked: string[] = []
    const { service, views } = open({
      deviceFor: ({ device }) => {
        asked.push(device)
        return Promise.resolve('cuda')
      }
    })
    await service.start(null)
    const view = await ended(views)
    expect(asked).toEqual(['auto'])
    // There is no such card here: refused by name, and not done on the CPU.
    expect(view).toMatchObject({ kind: 'failed', error: { code: 'E_DEVICE_UNAVAILABLE' } })
  }, 60_000)

  it('says what is wrong with a recording, and keeps nothing of it', async () => {
    const { service, views } = open({ sourceOf: () => Promise.resolve(path.resolve('package.json')) })
    await service.start('a')
    const view = await ended(views)
    expect(view.kind === 'failed' && view.error.data.path).toBe(path.resolve('package.json'))
    expect(existsSync(place.at('cache', 'bench'))).toBe(false)
  }, 60_000)

  it('is refused while something is at work, and twice at a time', async () => {
    const busy = open({ isBusy: () => true })
    await expect(busy.service.start(null)).rejects.toMatchObject({ code: 'E_BAD_REQUEST' })
    const { service } = open()
    await service.start(null)
    await expect(service.start(null)).rejects.toMatchObject({ code: 'E_BAD_REQUEST' })
  }, 60_000)

  it('gives way to a batch that is started', async () => {
    await place.open()
    place.wav('in/a.wav', 1)
    await place.add(place.at('in'))
    const { handlers } = place.core
    await handlers['bench.start']({ jobId: null, isQuick: false })
    await place.until(() => place.pushes.some((push) => push.topic === 'bench' && push.bench.kind === 'running'))
    await handlers['queue.start']({})
    expect(await handlers['bench.view']({})).toEqual({ kind: 'idle', report: null })
    await place.until(() => place.kinds() === 'a.wav:done')
  }, 60_000)
})
