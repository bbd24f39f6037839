import { app } from 'electron'

/** The app's entry under Electron. */
await app.whenReady()
