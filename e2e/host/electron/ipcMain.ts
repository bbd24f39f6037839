import { strict } from '../refuse'
import type { WebFrame } from '../page/frames'

export interface InvokeEvent {
  readonly type: 'frame'
  readonly sender: unknown
  readonly senderFrame: WebFrame | null
  readonly frameId: number
  readonly processId: number
}

type InvokeHandler = (event: InvokeEvent, ...args: unknown[]) => unknown

const handlers = new Map<string, InvokeHandler>()

/** Electron's `ipcMain`. */
export const ipcMain = strict('ipcMain', {
  handle: (channel: string, handler: InvokeHandler): void => {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`)
    handlers.set(channel, handler)
  },
  removeHandler: (channel: string): void => {
    handlers.delete(channel)
  }
})

/** One call of a page. Errors keep their text only, as in Electron. */
export async function answerInvoke(
  event: InvokeEvent,
  channel: string,
  args: readonly unknown[]
): Promise<{ readonly ok: boolean; readonly value: unknown }> {
  const handler = handlers.get(channel)
  if (!handler) return { ok: false, value: `Error: No handler registered for '${channel}'` }
  try {
    return { ok: true, value: structuredClone(await handler(event, ...args)) }
  } catch (error) {
    return { ok: false, value: String(error) }
  }
}
