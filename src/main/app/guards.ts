import { app, session } from 'electron'
import type { Log } from '../logNames'
import { isOwnAddress } from './urls'

/** What a page is never allowed: navigation away from `pageAddress`, windows, webviews. */
export function guardContents(pageAddress: string, log: Log): void {
  app.on('web-contents-created', (_created, contents) => {
    const refuse =
      (what: string) =>
      (event: { preventDefault: () => void; url?: string; isMainFrame?: boolean }): void => {
        // The page may load itself again.
        if (event.url === pageAddress && event.isMainFrame === true) return
        event.preventDefault()
        log(`refused: ${what}`)
      }
    contents.on('will-navigate', refuse('navigation'))
    contents.on('will-frame-navigate', refuse('navigation of a frame'))
    contents.on('will-redirect', refuse('redirect'))
    contents.on('will-attach-webview', (event) => {
      event.preventDefault()
      log('refused: webview')
    })
    contents.setWindowOpenHandler(() => {
      log('refused: new window')
      return { action: 'deny' }
    })
  })
}

/** No permission, device, download, or request to elsewhere. Electron must be ready. */
export function guardSession(origin: string, log: Log): void {
  const { defaultSession } = session
  defaultSession.setPermissionRequestHandler((_contents, permission, answer) => {
    log(`refused: permission ${permission}`)
    answer(false)
  })
  defaultSession.setPermissionCheckHandler(() => false)
  defaultSession.setDevicePermissionHandler(() => false)
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) => {
    const cancel = !isOwnAddress(url, origin)
    if (cancel) log(`refused: request to ${url.slice(0, 200)}`, 'warn')
    answer({ cancel })
  })
  // The spell checker would fetch dictionaries.
  defaultSession.setSpellCheckerEnabled(false)
  defaultSession.on('will-download', (event) => {
    event.preventDefault()
    log('refused: download', 'warn')
  })
}
