import { setMaxListeners } from 'node:events'
import { AppError } from '../../shared/errors/appError'
import type { Probe } from '../../shared/jobs/job'
import { blameOf, MAX_CRASHES } from './mediaBlame'
import type { ClipAnswer, MediaEnd, MediaProcess } from './mediaProcess'

/** Probes in the process's hands: enough to keep it busy, few enough to be run again one by one after a crash. */
const WINDOW = 64
/** A crash for which a clip is more likely to blame: enough of them count as one all the same. */
const SHARED_BLAME = 0.5

interface Asked {
  readonly path: string
  readonly resolve: (probe: Probe) => void
  readonly reject: (error: AppError) => void
  crashes: number
  /** Nobody waits for it any more. */
  withdrawn: boolean
}

/** What the queue needs of the one who has the process. */
export interface QueueOwner {
  newId(): number
  cancel(id: number): void
  pump(): void
}

/** Probes that wait and probes under way. After a crash those that were under way run one by one, to find whose fault it was. */
export class ProbeQueue {
  private waiting: Asked[] = []
  private suspects: Asked[] = []
  private readonly inFlight = new Map<number, Asked>()
  private isAlone = false

  constructor(private readonly owner: QueueOwner) {}

  get hasNeed(): boolean {
    return this.waiting.length > 0 || this.suspects.length > 0
  }

  /** All that is under way was in a crash before: whose fault the next one is, is known. */
  get isKnown(): boolean {
    return [...this.inFlight.values()].every(({ crashes }) => crashes > 0)
  }

  get isBusy(): boolean {
    return this.inFlight.size > 0
  }

  add(path: string, signal: AbortSignal | undefined): Promise<Probe> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.withdraw(asked)
        reject(new AppError('E_CANCELLED', { path }))
      }
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          signal?.removeEventListener('abort', abort)
          settle(value)
        }
      }
      const asked: Asked = { path, resolve: settled(resolve), reject: settled(reject), crashes: 0, withdrawn: false }
      // Thousands of probes may share one signal: that is no leak.
      if (signal) setMaxListeners(0, signal)
      signal?.addEventListener('abort', abort, { once: true })
      this.waiting.push(asked)
      this.owner.pump()
    })
  }

  /** Sends what there is room for. */
  pump(process: MediaProcess): void {
    for (let asked = this.next(); asked; asked = this.next()) {
      const id = this.owner.newId()
      this.inFlight.set(id, asked)
      process.ask({ type: 'probe', id, path: asked.path })
    }
  }

  /** False for an answer to something else. */
  answered(event: ClipAnswer): boolean {
    const asked = this.inFlight.get(event.id)
    if (!asked) return false
    this.inFlight.delete(event.id)
    if (event.type === 'probed') asked.resolve(event.probe)
    else asked.reject(new AppError('E_INTERNAL', { detail: `a probe was answered by ${event.type}` }))
    return true
  }

  /** The process has ended. `isShared`: a clip was at work in it as well. */
  ended(end: MediaEnd, { wasReady, isShared }: { readonly wasReady: boolean; readonly isShared: boolean }): void {
    const victims = [...this.inFlight.values()]
    this.inFlight.clear()
    this.isAlone = false
    for (const victim of victims) {
      if (wasReady) victim.crashes += isShared ? SHARED_BLAME : 1
      if (victim.crashes < MAX_CRASHES) this.suspects.push(victim)
      else victim.resolve({ ok: false, error: blameOf(victim.path, end).toPayload() })
    }
  }

  rejectAll(error: AppError): void {
    const asked = [...this.waiting, ...this.suspects, ...this.inFlight.values()]
    this.waiting = []
    this.suspects = []
    this.inFlight.clear()
    for (const { reject } of asked) reject(error)
  }

  private next(): Asked | undefined {
    if (this.inFlight.size > 0 && (this.suspects.length > 0 || this.isAlone)) return undefined
    const suspect = takeWanted(this.suspects)
    this.isAlone = suspect !== undefined
    if (suspect) return suspect
    return this.inFlight.size < WINDOW ? takeWanted(this.waiting) : undefined
  }

  private withdraw(asked: Asked): void {
    asked.withdrawn = true
    // It keeps its place in the window until the process has answered: the answer goes nowhere.
    for (const [id, other] of this.inFlight) if (other === asked) this.owner.cancel(id)
  }
}

/** The first that somebody still waits for. */
function takeWanted(queue: Asked[]): Asked | undefined {
  for (let asked = queue.shift(); asked; asked = queue.shift()) if (!asked.withdrawn) return asked
  return undefined
}
