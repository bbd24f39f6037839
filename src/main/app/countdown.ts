import type { PushEvent } from '../../shared/ipc/views'

export type EndAction = 'quit' | 'sleep'

/** Time to say no to what was chosen for the end. */
export const COUNTDOWN_SEC = 30

/** The when-done action with its warning: told every second, and taken back by one call. */
export class Countdown {
  private timer: NodeJS.Timeout | null = null

  constructor(
    private readonly push: (event: PushEvent) => void,
    private readonly act: (action: EndAction) => void
  ) {}

  get running(): boolean {
    return this.timer !== null
  }

  start(action: EndAction): void {
    this.cancel()
    let leftSec = COUNTDOWN_SEC
    const tell = (): void => {
      this.push({ topic: 'countdown', countdown: { action, leftSec } })
    }
    this.timer = setInterval(() => {
      leftSec--
      if (leftSec > 0) {
        tell()
        return
      }
      this.cancel()
      this.act(action)
    }, 1000)
    tell()
  }

  cancel(): void {
    if (this.timer === null) return
    clearInterval(this.timer)
    this.timer = null
    this.push({ topic: 'countdown', countdown: null })
  }
}
