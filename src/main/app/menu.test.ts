import type { MenuItemConstructorOptions } from 'electron'
import { describe, expect, test, vi } from 'vitest'
import { menuTemplate, type MenuActions, type MenuView } from './menu'
import { wordsOf } from './words'

const IDLE = { run: 'idle', stopAfter: false, pending: 2, failedIds: [], ended: 0 } as const

function view(changes: Partial<MenuView> = {}): MenuView {
  return { words: wordsOf('en', 'en').menu, facts: IDLE, theme: 'dark', isMac: false, devTools: false, ...changes }
}

const fakeActions = (): MenuActions => ({
  addFiles: vi.fn(),
  addFolder: vi.fn(),
  quit: vi.fn(),
  start: vi.fn(),
  pause: vi.fn(),
  resume: vi.fn(),
  stop: vi.fn(),
  stopAfter: vi.fn(),
  retryFailed: vi.fn(),
  clearFinished: vi.fn(),
  saveReport: vi.fn(),
  setTheme: vi.fn(),
  openLogs: vi.fn(),
  inWindow: vi.fn()
})

function all(items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? all(item.submenu) : [])])
}

function itemOf(id: string, changes: Partial<MenuView> = {}, actions = fakeActions()): MenuItemConstructorOptions {
  return all(menuTemplate(view(changes), actions)).find((item) => item.id === id)!
}

function click(item: MenuItemConstructorOptions): void {
  ;(item.click as () => void)()
}

const enabled = (changes: Partial<MenuView>): Record<string, boolean | undefined> =>
  Object.fromEntries(
    ['start', 'pause', 'stop', 'stopAfter', 'retryFailed', 'clearFinished'].map((id) => [
      id,
      itemOf(id, changes).enabled
    ])
  )

describe('the menu', () => {
  test('offers what can be done now', () => {
    const none = { start: false, pause: false, stop: false, stopAfter: false, retryFailed: false, clearFinished: false }
    expect(enabled({ facts: { ...IDLE, pending: 0 } })).toEqual(none)
    expect(enabled({ facts: IDLE })).toEqual({ ...none, start: true })
    expect(enabled({ facts: { ...IDLE, run: 'running' } })).toEqual({
      ...none,
      pause: true,
      stop: true,
      stopAfter: true
    })
    expect(enabled({ facts: { ...IDLE, run: 'paused' } })).toEqual({ ...none, pause: true, stop: true })
    expect(enabled({ facts: { ...IDLE, pending: 0, failedIds: ['a'], ended: 1 } })).toEqual({
      ...none,
      retryFailed: true,
      clearFinished: true
    })
  })

  test('pause becomes resume, and does it (a held batch was held again)', () => {
    const actions = fakeActions()
    const running = itemOf('pause', { facts: { ...IDLE, run: 'running' } }, actions)
    const paused = itemOf('pause', { facts: { ...IDLE, run: 'paused' } }, actions)
    expect([running.label, paused.label]).toEqual(['Pause', 'Resume'])
    click(paused)
    expect(actions.resume).toHaveBeenCalledOnce()
    expect(actions.pause).not.toHaveBeenCalled()
  })

  test('one key starts, pauses and resumes, as the shortcut sheet says', () => {
    const keys = (run: 'idle' | 'running' | 'paused'): unknown[] =>
      ['start', 'pause'].map((id) => itemOf(id, { facts: { ...IDLE, run } }).accelerator)
    expect(keys('idle')).toEqual(['CmdOrCtrl+Enter', undefined])
    expect(keys('running')).toEqual([undefined, 'CmdOrCtrl+Enter'])
    expect(keys('paused')).toEqual([undefined, 'CmdOrCtrl+Enter'])
  })

  test('stop-after turns over what is', () => {
    const actions = fakeActions()
    const item = itemOf('stopAfter', { facts: { ...IDLE, run: 'running', stopAfter: true } }, actions)
    expect(item.checked).toBe(true)
    click(item)
    expect(actions.stopAfter).toHaveBeenCalledWith(false)
  })

  test('the theme that is chosen is marked', () => {
    expect(['system', 'light', 'dark'].map((theme) => itemOf(`theme-${theme}`).checked)).toEqual([false, false, true])
  })

  test.each(['preferences', 'shortcuts', 'about', 'selectAll', 'find', 'measure', 'models'])(
    "%s is the window's to do",
    (command) => {
      const actions = fakeActions()
      click(itemOf(command, {}, actions))
      expect(actions.inWindow).toHaveBeenCalledWith(command)
    }
  )

  test.each([false, true])('every item has words of the chosen language, no key is used twice (macOS: %s)', (isMac) => {
    const items = all(menuTemplate(view({ isMac, devTools: true, words: wordsOf('zh-CN', 'en').menu }), fakeActions()))
    for (const item of items.filter(({ type }) => type !== 'separator')) {
      expect(item.label).toMatch(/\p{Script=Han}|^Stillwave$/u)
    }
    const keys = items.flatMap(({ accelerator }) => (accelerator === undefined ? [] : [accelerator]))
    expect(new Set(keys).size).toBe(keys.length)
    expect(items.filter(({ id }) => id === 'quit').length).toBe(1)
  })

  test('a packaged app has no developer tools', () => {
    const roles = (devTools: boolean): unknown[] =>
      all(menuTemplate(view({ devTools }), fakeActions())).map(({ role }) => role)
    expect(roles(false)).not.toContain('toggleDevTools')
    expect(roles(true)).toContain('toggleDevTools')
  })
})
