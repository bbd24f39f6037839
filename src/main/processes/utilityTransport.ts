import { utilityProcess, type UtilityProcess } from 'electron'
import type { Readable } from 'node:stream'
import { Ending } from './ending'
import type { EngineTransport } from './engineTransport'
import { launchSettings, plainSettings, type LaunchSettings } from './launch'
import type { MediaTransport } from './mediaTransport'
import type { NaiveTransport } from './naiveTransport'
import type { ExitInfo, ProcessTransport } from './processTransport'
import type { WorkshopTransport } from './workshopTransport'

/** The engine as an Electron utility process: for the app. After the app's `ready` only. */
export function utilityTransport(modulePath: string, env?: NodeJS.ProcessEnv): EngineTransport {
  return new UtilityTransport(forked(modulePath, 'Stillwave engine', launchSettings(env)))
}

/** The media process in the same way. */
export function mediaUtilityTransport(modulePath: string): MediaTransport {
  return new UtilityTransport(forked(modulePath, 'Stillwave media'))
}

/** The process that denoises the naive way, without the settings that keep ours small. */
export function naiveUtilityTransport(modulePath: string, env?: NodeJS.ProcessEnv): NaiveTransport {
  return new UtilityTransport(forked(modulePath, 'Stillwave naive', plainSettings(env)))
}

/** The process that deals with model files. */
export function workshopUtilityTransport(modulePath: string, env?: NodeJS.ProcessEnv): WorkshopTransport {
  return new UtilityTransport(forked(modulePath, 'Stillwave workshop', launchSettings(env)))
}

function forked(modulePath: string, serviceName: string, settings: LaunchSettings = launchSettings()): UtilityProcess {
  return utilityProcess.fork(modulePath, [], {
    serviceName,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...settings
  })
}

class UtilityTransport<Request extends object> implements ProcessTransport<Request> {
  private readonly ending: Ending
  /** Kept from `spawn` on: the process's own field is empty again before its exit event. */
  private knownPid: number | undefined
  private wasKilled = false

  constructor(private readonly child: UtilityProcess) {
    // Typed as the bare stream interface; they are Readables.
    this.ending = new Ending(child.stderr as Readable | null)
    child.stdout?.resume()
    child.once('spawn', () => {
      this.knownPid = child.pid
      // Killed before it was there.
      if (this.wasKilled) this.forceEnd()
    })
    child.once('exit', (code) => {
      // Electron has a code only, and on POSIX what it is after a signal differs; this one we know.
      if (this.wasKilled) this.ending.end(null, 'SIGKILL')
      else this.ending.end(code, null)
    })
    child.on('error', (type, location) => {
      this.ending.note(`${type} at ${location}`)
    })
  }

  get pid(): number | undefined {
    return this.knownPid ?? this.child.pid
  }

  get isAlive(): boolean {
    return !this.ending.isOver
  }

  send(message: Request): void {
    if (!this.ending.isOver) this.child.postMessage(message)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.child.on('message', listener)
  }

  onExit(listener: (info: ExitInfo) => void): void {
    this.ending.onEnd(listener)
  }

  kill(): void {
    if (this.ending.isOver) return
    this.wasKilled = true
    this.forceEnd()
  }

  /** By pid: `UtilityProcess.kill` asks (SIGTERM), which a blocked thread does not hear. */
  private forceEnd(): void {
    const { pid } = this
    if (pid === undefined) return
    try {
      process.kill(pid, 'SIGKILL')
    } catch (thrown) {
      // It was gone already: its exit event is on the way.
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown
    }
  }
}
