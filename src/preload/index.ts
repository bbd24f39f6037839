import { contextBridge } from 'electron'

contextBridge.exposeInMainWorld('stillwave', {})
