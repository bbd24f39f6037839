import { NaiveEvent, type NaiveRequest } from '../../engine/protocol'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { Device } from '../../shared/settings/choices'
import { describeExit } from '../processes/engineErrors'
import type { NaiveTransport, OpenNaiveTransport } from '../processes/naiveTransport'
import type { ExitInfo } from '../processes/processTransport'
import { orCancelled, refuseCancelled } from './cancelling'
import type { FileCost } from './fileCost'

export interface AskOptions {
  readonly signal: AbortSignal
  readonly onEvent?: (event: NaiveEvent) => void
}

type EventOf<T extends NaiveEvent['type']> = Extract<NaiveEvent, { type: T }>

/**
 * One request to a naive process of its own, which is gone when this settles. Rejects with the process's own error, `E_CANCELLED`,
 * `E_MEMORY` where it was ended from outside or by its native code (what a machine without memory does to it), `E_ENGINE_CRASH`.
 */
export async function askNaive(
  open: OpenNaiveTransport,
  request: Exclude<NaiveRequest, { type: 'shutdown' }>,
  { signal, onEvent }: AskOptions
): Promise<readonly NaiveEvent[]> {
  refuseCancelled(signal)
  const transport = open()
  const kill = (): void => {
    transport.kill()
  }
  signal.addEventListener('abort', kill, { once: true })
  try {
    return await answers(transport, request, onEvent)
  } catch (thrown) {
    throw toAppError(orCancelled(thrown, signal))
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

function answers(
  transport: NaiveTransport,
  request: NaiveRequest,
  onEvent: AskOptions['onEvent']
): Promise<readonly NaiveEvent[]> {
  return new Promise((resolve, reject) => {
    const events: NaiveEvent[] = []
    let ended: EventOf<'ended'> | null = null
    let unreadable: Error | null = null
    transport.onMessage((message) => {
      const parsed = NaiveEvent.safeParse(message)
      if (parsed.success) {
        events.push(parsed.data)
        onEvent?.(parsed.data)
        if (parsed.data.type !== 'ended') return
        ended = parsed.data
      } else unreadable = parsed.error
      // It holds nothing but memory: there is nothing to end in order.
      transport.kill()
    })
    // Settled by its exit only: nobody may remove its files or start the next one before that.
    transport.onExit((exit) => {
      if (unreadable !== null) reject(unreadable)
      else if (ended === null) reject(deathOf(exit))
      else if (ended.error !== null) reject(new AppError(ended.error.code, ended.error.data))
      else resolve(events)
    })
    transport.send(request)
  })
}

/** Node itself ends with 0 or 1; everything else is native code that gave up, or the system that took its memory back. */
function deathOf(exit: ExitInfo): AppError {
  const byItself = exit.signal === null && (exit.code === 0 || exit.code === 1)
  return new AppError(byItself ? 'E_ENGINE_CRASH' : 'E_MEMORY', { detail: describeExit(null, exit) })
}

export interface NaiveRun {
  readonly onePassPath: string
  readonly device: Device
  readonly inputPaths: readonly string[]
  /** Gets the last file's result. */
  readonly outPath: string | null
}

/** The naive way over some files in one process. Rejects like {@link askNaive}. */
export async function runNaive(open: OpenNaiveTransport, run: NaiveRun, options: AskOptions): Promise<FileCost[]> {
  const request = { ...run, type: 'denoiseWhole' as const, inputPaths: [...run.inputPaths] }
  const events = await askNaive(open, request, options)
  return events.flatMap((event) => (event.type === 'cost' ? [costOf(event)] : []))
}

function costOf({ audioSec, wallSec, cpuSec, rssBytes, peakRssBytes }: EventOf<'cost'>): FileCost {
  return { audioSec, wallSec, cpuSec, modelSec: null, rssBytes, peakRssBytes }
}
