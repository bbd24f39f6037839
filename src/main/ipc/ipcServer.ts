import { ipcMain } from 'electron'
import { INVOKE_CHANNEL } from '../../shared/ipc/channels'
import type { Handlers } from '../../shared/ipc/contract'
import type { Envelope } from '../../shared/ipc/envelope'
import { answerCall } from './router'
import { refusalOf } from './senderCheck'

export interface IpcServerOptions {
  readonly handlers: Handlers
  readonly origin: string
  /** Our one window's contents; null while there is none. */
  readonly contents: () => { readonly id: number } | null
  readonly log: (line: string) => void
}

/** The window's only way in, and the only file that names `ipcMain`: who asks is looked at first, then what. */
export function serveIpc({ handlers, origin, contents, log }: IpcServerOptions): void {
  ipcMain.handle(INVOKE_CHANNEL, (event, call: unknown): Envelope<unknown> | Promise<Envelope<unknown>> => {
    const windowContentsId = contents()?.id ?? null
    const refusal = refusalOf({ contentsId: event.sender.id, windowContentsId, frame: event.senderFrame }, origin)
    if (refusal === null) return answerCall(handlers, call, log)
    log(`refused: a call from ${refusal}`)
    return { ok: false, error: { code: 'E_BAD_REQUEST', data: { detail: `refused: ${refusal}` } } }
  })
}
