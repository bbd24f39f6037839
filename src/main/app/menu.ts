import type { MenuItemConstructorOptions } from 'electron'
import type { WindowCommand } from '../../shared/ipc/views'
import type { AppSettings } from '../../shared/settings/appSettings'
import type { QueueFacts } from './queueFacts'
import type { Words } from './words'

type Theme = AppSettings['theme']

/** What the menu's items do. */
export interface MenuActions {
  readonly addFiles: () => void
  readonly addFolder: () => void
  readonly quit: () => void
  readonly start: () => void
  readonly pause: () => void
  readonly resume: () => void
  readonly stop: () => void
  readonly stopAfter: (on: boolean) => void
  readonly retryFailed: () => void
  readonly clearFinished: () => void
  readonly saveReport: () => void
  readonly setTheme: (theme: Theme) => void
  readonly openLogs: () => void
  /** Carried out by the page. */
  readonly inWindow: (command: WindowCommand) => void
}

export interface MenuView {
  readonly words: Words['menu']
  readonly facts: QueueFacts
  readonly theme: Theme
  readonly isMac: boolean
  readonly devTools: boolean
}

type Items = MenuItemConstructorOptions[]

const SEPARATOR: MenuItemConstructorOptions = { type: 'separator' }

/** The application menu for one state of the app. */
export function menuTemplate(view: MenuView, actions: MenuActions): Items {
  const { words } = view
  return [
    ...(view.isMac ? [{ label: 'Stillwave', submenu: appItems(view, actions) }] : []),
    { label: words.file, submenu: fileItems(view, actions) },
    { label: words.edit, submenu: editItems(view, actions) },
    { label: words.queue, submenu: queueItems(view, actions) },
    { label: words.view, submenu: viewItems(view, actions) },
    ...(view.isMac ? [{ label: words.window, role: 'windowMenu' as const }] : []),
    { label: words.help, role: 'help', submenu: helpItems(view, actions) }
  ]
}

function quitItem(words: Words['menu'], actions: MenuActions): MenuItemConstructorOptions {
  return { id: 'quit', label: words.quit, accelerator: 'CmdOrCtrl+Q', click: actions.quit }
}

function preferencesItem(words: Words['menu'], { inWindow }: MenuActions): MenuItemConstructorOptions {
  return {
    id: 'preferences',
    label: words.preferences,
    accelerator: 'CmdOrCtrl+,',
    click: () => {
      inWindow('preferences')
    }
  }
}

function aboutItem(words: Words['menu'], { inWindow }: MenuActions): MenuItemConstructorOptions {
  return {
    id: 'about',
    label: words.about,
    click: () => {
      inWindow('about')
    }
  }
}

function appItems({ words }: MenuView, actions: MenuActions): Items {
  return [
    aboutItem(words, actions),
    SEPARATOR,
    preferencesItem(words, actions),
    SEPARATOR,
    { label: words.hide, role: 'hide' },
    { label: words.hideOthers, role: 'hideOthers' },
    { label: words.showAll, role: 'unhide' },
    SEPARATOR,
    quitItem(words, actions)
  ]
}

function fileItems({ words, isMac }: MenuView, actions: MenuActions): Items {
  return [
    { id: 'addFiles', label: words.addFiles, accelerator: 'CmdOrCtrl+O', click: actions.addFiles },
    { id: 'addFolder', label: words.addFolder, accelerator: 'CmdOrCtrl+Shift+O', click: actions.addFolder },
    SEPARATOR,
    {
      id: 'models',
      label: words.models,
      click: () => {
        actions.inWindow('models')
      }
    },
    {
      id: 'devices',
      label: words.devices,
      click: () => {
        actions.inWindow('devices')
      }
    },
    ...(isMac ? [] : [SEPARATOR, quitItem(words, actions)])
  ]
}

function editItems({ words, isMac }: MenuView, actions: MenuActions): Items {
  return [
    { label: words.undo, role: 'undo' },
    { label: words.redo, role: 'redo' },
    SEPARATOR,
    { label: words.cut, role: 'cut' },
    { label: words.copy, role: 'copy' },
    { label: words.paste, role: 'paste' },
    selectAllItem(words, isMac, actions),
    SEPARATOR,
    {
      id: 'find',
      label: words.find,
      accelerator: 'CmdOrCtrl+F',
      click: () => {
        actions.inWindow('find')
      }
    },
    ...(isMac ? [] : [SEPARATOR, preferencesItem(words, actions)])
  ]
}

/** The page knows whether a text or the list is meant and takes the key itself; on macOS texts need the system's own item. */
function selectAllItem(words: Words['menu'], isMac: boolean, { inWindow }: MenuActions): MenuItemConstructorOptions {
  if (isMac) return { label: words.selectAll, role: 'selectAll' }
  return {
    id: 'selectAll',
    label: words.selectAll,
    accelerator: 'CmdOrCtrl+A',
    registerAccelerator: false,
    click: () => {
      inWindow('selectAll')
    }
  }
}

/** One key for start, pause and resume: it belongs to the item that can be chosen now. */
const RUN_KEY = { accelerator: 'CmdOrCtrl+Enter' } as const

function queueItems({ words, facts }: MenuView, actions: MenuActions): Items {
  const { run, pending, failedIds, ended } = facts
  const paused = run === 'paused'
  return [
    {
      id: 'start',
      label: words.start,
      ...(run === 'idle' ? RUN_KEY : {}),
      enabled: run === 'idle' && pending > 0,
      click: actions.start
    },
    {
      id: 'pause',
      label: paused ? words.resume : words.pause,
      ...(run === 'idle' ? {} : RUN_KEY),
      enabled: run !== 'idle',
      click: paused ? actions.resume : actions.pause
    },
    { id: 'stop', label: words.stop, accelerator: 'CmdOrCtrl+.', enabled: run !== 'idle', click: actions.stop },
    {
      id: 'stopAfter',
      label: words.stopAfter,
      type: 'checkbox',
      checked: facts.stopAfter,
      enabled: run === 'running',
      click: () => {
        actions.stopAfter(!facts.stopAfter)
      }
    },
    SEPARATOR,
    { id: 'retryFailed', label: words.retryFailed, enabled: failedIds.length > 0, click: actions.retryFailed },
    { id: 'clearFinished', label: words.clearFinished, enabled: ended > 0, click: actions.clearFinished },
    SEPARATOR,
    { id: 'saveReport', label: words.saveReport, enabled: ended > 0 || failedIds.length > 0, click: actions.saveReport }
  ]
}

function viewItems({ words, theme, devTools }: MenuView, { setTheme }: MenuActions): Items {
  const themes: readonly (readonly [Theme, string])[] = [
    ['system', words.themeSystem],
    ['light', words.themeLight],
    ['dark', words.themeDark]
  ]
  return [
    {
      label: words.theme,
      submenu: themes.map(([value, label]) => ({
        id: `theme-${value}`,
        label,
        type: 'radio',
        checked: value === theme,
        click: () => {
          setTheme(value)
        }
      }))
    },
    SEPARATOR,
    { label: words.actualSize, role: 'resetZoom' },
    { label: words.zoomIn, role: 'zoomIn' },
    { label: words.zoomOut, role: 'zoomOut' },
    SEPARATOR,
    { label: words.fullScreen, role: 'togglefullscreen' },
    ...(devTools ? [SEPARATOR, { label: words.developerTools, role: 'toggleDevTools' as const }] : [])
  ]
}

function helpItems({ words, isMac }: MenuView, actions: MenuActions): Items {
  return [
    {
      id: 'shortcuts',
      label: words.shortcuts,
      accelerator: 'CmdOrCtrl+/',
      click: () => {
        actions.inWindow('shortcuts')
      }
    },
    {
      id: 'measure',
      label: words.measure,
      click: () => {
        actions.inWindow('measure')
      }
    },
    { id: 'logs', label: words.logs, click: actions.openLogs },
    {
      id: 'diagnostics',
      label: words.diagnostics,
      click: () => {
        actions.inWindow('diagnostics')
      }
    },
    ...(isMac ? [] : [SEPARATOR, aboutItem(words, actions)])
  ]
}
