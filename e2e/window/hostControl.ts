import type { ChildProcess } from 'node:child_process'
import type { ControlMethods } from '../host/control'

/** What a spec can ask of the app's surroundings: dialogs, menu, notifications, processes (e2e/host/control.ts). */
export type Control = {
  readonly [M in keyof ControlMethods]: (
    ...args: Parameters<ControlMethods[M]>
  ) => Promise<Awaited<ReturnType<ControlMethods[M]>>>
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Over the channel of the host's process. */
export function hostControl(child: ChildProcess): Control {
  const waiting = new Map<number, (reply: Reply) => void>()
  let lastId = 0
  child.on('message', (message) => {
    const reply = message as Reply
    waiting.get(reply.id)?.(reply)
    waiting.delete(reply.id)
  })
  child.once('exit', () => {
    for (const [id, settle] of waiting) settle({ id, error: 'the app has ended' })
  })
  const ask = async (method: string, args: readonly unknown[]): Promise<unknown> => {
    if (!child.connected) throw new Error(`${method}: the app has ended`)
    const id = ++lastId
    const reply = await new Promise<Reply>((resolve) => {
      waiting.set(id, resolve)
      child.send({ id, method, args })
    })
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error}`)
    return reply.value
  }
  return new Proxy({} as Control, {
    get: (_target, method) =>
      typeof method === 'string' && method !== 'then' ? (...args: unknown[]) => ask(method, args) : undefined
  })
}
