import { expect, test } from 'vitest'
import { WEB_PREFERENCES } from './webPreferences'

test('the window is made with exactly these settings (S2: one of them switched off opens the machine to the page)', () => {
  const on = ['sandbox', 'contextIsolation', 'webSecurity', 'safeDialogs']
  const off = [
    ...[
      'nodeIntegration',
      'nodeIntegrationInWorker',
      'nodeIntegrationInSubFrames',
      'webviewTag',
      'experimentalFeatures'
    ],
    ...['allowRunningInsecureContent', 'plugins', 'spellcheck', 'navigateOnDragDrop']
  ]
  expect(WEB_PREFERENCES).toEqual(
    Object.fromEntries([...on.map((name) => [name, true]), ...off.map((name) => [name, false])])
  )
})
