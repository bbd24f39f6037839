import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataFolderOf } from './dataFolder'

describe('dataFolderOf', () => {
  it.each([
    ['linux', {}, '/home/u/.config/stillwave'],
    ['linux', { XDG_CONFIG_HOME: '/xdg' }, '/xdg/stillwave'],
    ['linux', { XDG_CONFIG_HOME: '' }, '/home/u/.config/stillwave'],
    ['darwin', { XDG_CONFIG_HOME: '/xdg' }, '/home/u/Library/Application Support/stillwave'],
    ['win32', { APPDATA: '/roaming' }, '/roaming/stillwave'],
    ['win32', {}, '/home/u/AppData/Roaming/stillwave'],
    ['darwin', { STILLWAVE_DATA: '/mine' }, '/mine']
  ] as const)(
    'is where the app keeps its own on %s with %j (models added by the command were not in the window)',
    (platform, env, wanted) => {
      expect(dataFolderOf(null, { env, platform, home: '/home/u' })).toBe(path.resolve(wanted))
      expect(dataFolderOf('/asked', { env, platform, home: '/home/u' })).toBe(path.resolve('/asked'))
    }
  )
})
