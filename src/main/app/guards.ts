import { app, session } from 'electron'
import { isOwnAddress } from './urls'

/** What a page is never allowed: navigation, windows, webviews, permissions, devices, downloads. */
export function guardContents(log: (line: string) => void): void {
  app.on('web-contents-created', (_created, contents) => {
    const refuse =
      (what: string) =>
      (event: { preventDefault: () => void }): void => {
        event.preventDefault()
        log(`refused: ${what}`)
      }
    contents.on('will-navigate', refuse('navigation'))
    contents.on('will-frame-navigate', refuse('navigation of a frame'))
    contents.on('will-redirect', refuse('redirect'))
    contents.on('will-attach-webview', refuse('webview'))
    contents.setWindowOpenHandler(() => {
      log('refused: new window')
      return { action: 'deny' }
    })
  })
}

/** Electron must be ready. */
export function guardSession(origin: string, log: (line: string) => void): void {
  const { defaultSession } = session
  defaultSession.setPermissionRequestHandler((_contents, permission, answer) => {
    log(`refused: permission ${permission}`)
    answer(false)
  })
  defaultSession.setPermissionCheckHandler(() => false)
  defaultSession.setDevicePermissionHandler(() => false)
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) => {
    const cancel = !isOwnAddress(url, origin)
    if (cancel) log(`refused: request to ${url.slice(0, 200)}`)
    answer({ cancel })
  })
  // The spell checker would fetch dictionaries.
  defaultSession.setSpellCheckerEnabled(false)
  defaultSession.on('will-download', (event) => {
    event.preventDefault()
    log('refused: download')
  })
}
