/** What is looked at of who asked; Electron's `WebFrameMain` has all of it. */
export interface SenderFrame {
  readonly parent: unknown
  readonly origin: string
  readonly detached: boolean
}

export interface Sender {
  /** Id of the web contents that asked, and of our one window (null where it is gone). */
  readonly contentsId: number
  readonly windowContentsId: number | null
  /** Null where the frame is gone or was navigated meanwhile. */
  readonly frame: SenderFrame | null
}

/** Why a call is refused before anything of it is read, or null: only the top frame of our one window, with our origin, asks. */
export function refusalOf({ contentsId, windowContentsId, frame }: Sender, origin: string): string | null {
  if (windowContentsId === null || contentsId !== windowContentsId) return 'another window'
  if (frame === null || frame.detached) return 'no frame'
  if (frame.parent !== null) return 'a frame inside the page'
  return frame.origin === origin ? null : 'another origin'
}
