import { fork, type ChildProcess } from 'node:child_process'
import { killChild } from '../../shared/processes/killChild'
import { Ending } from './ending'
import type { EngineTransport } from './engineTransport'
import { launchSettings, plainSettings, type LaunchSettings } from './launch'
import type { MediaTransport } from './mediaTransport'
import type { NaiveTransport } from './naiveTransport'
import type { ExitInfo, ProcessTransport } from './processTransport'
import type { WorkshopTransport } from './workshopTransport'

/** The engine under `child_process.fork`: for the command line and the tests. `modulePath` is the built engine entry. */
export function forkTransport(modulePath: string, env?: NodeJS.ProcessEnv): EngineTransport {
  return new ForkTransport(forked(modulePath, launchSettings(env)))
}

/** The media process in the same way. */
export function mediaForkTransport(modulePath: string): MediaTransport {
  return new ForkTransport(forked(modulePath))
}

/** The process that denoises the naive way, without the settings that keep ours small. */
export function naiveForkTransport(modulePath: string, env?: NodeJS.ProcessEnv): NaiveTransport {
  return new ForkTransport(forked(modulePath, plainSettings(env)))
}

/** The process that deals with model files. */
export function workshopForkTransport(modulePath: string, env?: NodeJS.ProcessEnv): WorkshopTransport {
  return new ForkTransport(forked(modulePath, launchSettings(env)))
}

function forked(modulePath: string, settings: LaunchSettings = launchSettings()): ChildProcess {
  return fork(modulePath, [], {
    // Typed arrays cross as what they are, as they do to a utility process.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...settings
  })
}

class ForkTransport<Request extends object> implements ProcessTransport<Request> {
  private readonly ending: Ending

  constructor(private readonly child: ChildProcess) {
    this.ending = new Ending(child.stderr)
    // Unread pipes fill and block the child.
    child.stdout?.resume()
    child.once('exit', (code, signal) => {
      this.ending.end(code, signal)
    })
    // Without a pid nothing was started and no exit event will come; every other error is followed by one.
    child.on('error', (error) => {
      this.ending.note(error.message)
      if (child.pid === undefined) this.ending.end(null, null)
    })
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  get isAlive(): boolean {
    return !this.ending.isOver
  }

  send(message: Request): void {
    if (this.ending.isOver || !this.child.connected) return
    // The callback keeps a broken channel from becoming an 'error' event; the exit event is the truth about it.
    this.child.send(message, () => undefined)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.child.on('message', listener)
  }

  onExit(listener: (info: ExitInfo) => void): void {
    this.ending.onEnd(listener)
  }

  kill(): void {
    if (!this.ending.isOver) killChild(this.child)
  }
}
