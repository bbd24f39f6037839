import { startControl } from './control'
import { app } from './electron/app'

/** What `import ... from 'electron'` gets on the host. A name that is not here fails the app's own import, by name. */
export { app }
export { BrowserWindow } from './electron/browserWindow'
export { dialog } from './electron/dialog'
export { ipcMain } from './electron/ipcMain'
export { StrictMenu as Menu } from './electron/menu'
export { nativeTheme } from './electron/nativeTheme'
export { session } from './electron/session'
export {
  clipboard,
  crashReporter,
  Notification,
  powerMonitor,
  powerSaveBlocker,
  screen,
  shell
} from './electron/system'
export { utilityProcess } from './electron/utilityProcess'
export { protocol } from './originServer'

/** The host's own: nothing of the app asks for it. */
export function becomeReady(): void {
  app.becomeReady()
}

startControl()
