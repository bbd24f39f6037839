import type { BrowserWindow } from './browserWindow'

/** Every open window, oldest first. */
export const openWindows: BrowserWindow[] = []
