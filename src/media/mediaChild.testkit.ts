import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { killChild } from '../shared/processes/killChild'
import { MediaEvent } from './protocol'
import type { MediaRequest } from './protocol'

const BUILT = resolve(process.cwd(), 'out/main/media.js')

/** Whether there is a built media process; said once where there is none, in CI a failure. */
export function mediaIsBuilt(): boolean {
  const isBuilt = existsSync(BUILT)
  if (!isBuilt && process.env.CI === 'true') throw new Error('the media process must be built before it is tested')
  if (!isBuilt) console.info('skipped: out/main/media.js is not built (npm run build)')
  return isBuilt
}

type Event<T extends MediaEvent['type']> = Extract<MediaEvent, { type: T }>
type Asked = Exclude<MediaRequest, { type: 'closeClip' | 'shutdown' | 'cancel' }>
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never
/** What a request is answered by. */
interface Answers {
  configure: Event<'configured'>
  probe: Event<'probed'>
  openClip: Event<'clipOpened'>
  readClip: Event<'samples'>
  peaks: Event<'peaks'>
  tile: Event<'tile'>
  loudness: Event<'loudness'>
  excerpt: Event<'excerpted'>
}

/** The built media process, as main starts it under fork. */
export class MediaChild {
  readonly process: ChildProcess
  readonly exited: Promise<number | NodeJS.Signals>
  readonly progress: Event<'clipProgress'>[] = []
  lastId = 0
  private readonly answers = new Map<number, (event: MediaEvent) => void>()

  constructor() {
    this.process = fork(BUILT, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
    this.process.on('message', (message) => {
      const event = MediaEvent.parse(message)
      if (event.type === 'clipProgress') this.progress.push(event)
      else this.answers.get(event.id)?.(event)
    })
    this.exited = new Promise((done) => {
      this.process.on('exit', (code, signal) => {
        done(code ?? signal!)
      })
    })
  }

  send(request: MediaRequest): void {
    this.process.send(request)
  }

  ask<T extends Asked['type']>(request: Extract<WithoutId<Asked>, { type: T }>): Promise<Answers[T]> {
    const id = ++this.lastId
    return new Promise((done) => {
      this.answers.set(id, done as (event: MediaEvent) => void)
      this.send({ ...request, id })
    })
  }

  /** Until the reading of a clip has ended. */
  async read(clipId: number): Promise<Event<'clipProgress'>> {
    for (;;) {
      const last = this.progress.find((one) => one.clipId === clipId && (one.fraction === 1 || one.error !== null))
      if (last !== undefined) return last
      await new Promise((done) => setTimeout(done, 20))
    }
  }

  async end(): Promise<void> {
    killChild(this.process)
    await this.exited
  }
}
