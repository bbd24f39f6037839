import { HostEmitter, HostEvent, strict } from './refuse'

/** Runs first in a utility process: Electron's `process.parentPort` over Node's own channel, which the app does not see. */
const send = process.send?.bind(process)
if (!send) throw new Error('a utility process needs its channel')

class ParentPort extends HostEmitter {
  readonly #early: unknown[] = []

  constructor() {
    super('parentPort', ['message'])
    process.on('message', (data) => {
      if (this.listenerCount('message') > 0) this.emit('message', new HostEvent({ data, ports: [] }))
      else this.#early.push(data)
    })
    this.on('newListener', (event: string) => {
      if (event !== 'message') return
      // What came before anybody listened waits, as in a port that is not started.
      setImmediate(() => {
        for (const data of this.#early.splice(0)) this.emit('message', new HostEvent({ data, ports: [] }))
      })
    })
  }

  postMessage(message: unknown): void {
    send!(structuredClone(message))
  }
}

const values = { parentPort: strict('parentPort', new ParentPort()), type: 'utility', send: undefined }
for (const [name, value] of Object.entries(values)) {
  Object.defineProperty(process, name, { value, writable: true, configurable: true })
}
process.on('disconnect', () => {
  // Main is gone: nobody is left to work for. Electron's utility processes end with their app as well.
  process.exit(0)
})
