/** RELIABILITY S2: what every window is made with, by name, so that no default of a later Electron changes it. */
export const WEB_PREFERENCES = {
  sandbox: true,
  contextIsolation: true,
  webSecurity: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webviewTag: false,
  experimentalFeatures: false,
  allowRunningInsecureContent: false,
  plugins: false,
  spellcheck: false,
  navigateOnDragDrop: false,
  safeDialogs: true
} as const
