import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron'
import { createApi } from './api'

contextBridge.exposeInMainWorld(
  'stillwave',
  createApi({
    invoke: (channel, message) => ipcRenderer.invoke(channel, message) as Promise<unknown>,
    listen: (channel, listener) => {
      const hear = (_event: IpcRendererEvent, data: unknown): void => {
        listener(data)
      }
      ipcRenderer.on(channel, hear)
      return () => {
        ipcRenderer.off(channel, hear)
      }
    },
    pathOf: (file) => webUtils.getPathForFile(file)
  })
)
