import { refuse, strict } from '../refuse'
import { app } from './app'
import { openWindows } from './windows'

export interface ItemTemplate {
  readonly id?: string
  readonly label?: string
  readonly role?: string
  readonly type?: string
  readonly accelerator?: string
  readonly registerAccelerator?: boolean
  readonly enabled?: boolean
  readonly visible?: boolean
  readonly checked?: boolean
  readonly submenu?: readonly ItemTemplate[] | Menu
  readonly click?: (item: MenuItem, window: unknown, event: object) => void
}

/** A role that the system carries out by itself. */
const ROLES: Readonly<Record<string, () => void>> = {
  quit: () => {
    app.quit()
  },
  close: () => openWindows.at(-1)?.close(),
  minimize: () => openWindows.at(-1)?.minimize()
}

export class MenuItem {
  readonly id: string
  readonly label: string
  readonly role: string | null
  readonly type: string
  readonly accelerator: string | null
  readonly registerAccelerator: boolean
  readonly submenu: Menu | null
  enabled: boolean
  visible: boolean
  checked: boolean
  readonly #click: ItemTemplate['click']

  constructor(template: ItemTemplate) {
    const { id = '', label = template.role ?? '', role = null, accelerator = null, submenu } = template
    this.id = id
    this.label = label
    this.role = role
    this.type = template.type ?? (submenu === undefined ? 'normal' : 'submenu')
    this.accelerator = accelerator
    this.registerAccelerator = template.registerAccelerator ?? true
    this.submenu = submenu === undefined ? null : submenu instanceof Menu ? submenu : Menu.buildFromTemplate(submenu)
    this.enabled = template.enabled ?? true
    this.visible = template.visible ?? true
    this.checked = template.checked ?? false
    this.#click = template.click
  }

  /** As a person's click: nothing where the item is off. */
  choose(): void {
    if (!this.enabled || !this.visible) throw new Error(`the menu's item ${this.label} is off`)
    if (this.role !== null) {
      const act = ROLES[this.role.toLowerCase()]
      if (!act) refuse(`menu role ${this.role}`)
      act()
      return
    }
    if (this.type === 'checkbox') this.checked = !this.checked
    this.#click?.(this, openWindows.at(-1), {})
  }
}

/** Electron's Menu as data; a test clicks its items, and a person's keys reach them by their accelerators. */
export class Menu {
  static #application: Menu | null = null
  static lastPopup: Menu | null = null
  readonly items: MenuItem[] = []

  static buildFromTemplate(template: readonly ItemTemplate[]): Menu {
    const menu = new Menu()
    for (const item of template) menu.append(new MenuItem(item))
    return menu
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.#application = menu
  }

  static getApplicationMenu(): Menu | null {
    return Menu.#application
  }

  append(item: MenuItem): void {
    this.items.push(item)
  }

  getMenuItemById(id: string): MenuItem | null {
    return this.all().find((item) => item.id === id) ?? null
  }

  popup(_options?: object): void {
    Menu.lastPopup = this
  }

  all(): readonly MenuItem[] {
    return this.items.flatMap((item) => [item, ...(item.submenu?.all() ?? [])])
  }
}

export const StrictMenu = strict('Menu', Menu)

const MODIFIERS: Readonly<Record<string, string>> = {
  cmdorctrl: process.platform === 'darwin' ? 'meta' : 'ctrl',
  commandorcontrol: process.platform === 'darwin' ? 'meta' : 'ctrl',
  ctrl: 'ctrl',
  control: 'ctrl',
  cmd: 'meta',
  command: 'meta',
  alt: 'alt',
  option: 'alt',
  shift: 'shift'
}
const KEYS: Readonly<Record<string, string>> = { plus: '+', space: ' ', esc: 'escape', return: 'enter', del: 'delete' }

/** A key that the page left alone: the menu's accelerators come after the page, as in Electron. */
export function pressed(key: Readonly<Record<string, unknown>>): void {
  const held = ['ctrl', 'shift', 'alt', 'meta'].filter((name) => key[name] === true).sort()
  const wanted = (accelerator: string): boolean => {
    const parts = accelerator
      .toLowerCase()
      .split('+')
      .map((part) => MODIFIERS[part] ?? part)
    const last = parts.pop() ?? ''
    return parts.sort().join() === held.join() && (KEYS[last] ?? last) === String(key.key).toLowerCase()
  }
  const item = Menu.getApplicationMenu()
    ?.all()
    .find(
      (one) =>
        one.accelerator !== null && one.registerAccelerator && one.enabled && one.visible && wanted(one.accelerator)
    )
  // Editing roles are the page's own business: Chromium has done them already.
  if (item && (item.role === null || item.role.toLowerCase() in ROLES)) item.choose()
}
