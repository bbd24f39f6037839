import type { ElectronApplication } from 'playwright-core'
import type { Control } from './hostControl'

/**
 * {@link Control} on Electron itself, by Playwright's evaluation in main. Each function runs there: it may use nothing from here.
 * Written against Electron's documentation; where its binary is missing it is not run (docs/electron-only.md).
 */
export function electronControl(app: ElectronApplication): Control {
  const methods = {
    answerDialog: (answer: Parameters<Control['answerDialog']>[0]) =>
      app.evaluate(({ dialog }, given) => {
        if (given.kind === 'open') {
          const { filePaths } = given
          dialog.showOpenDialog = () => Promise.resolve({ canceled: filePaths.length === 0, filePaths: [...filePaths] })
        } else if (given.kind === 'message') {
          const { response } = given
          dialog.showMessageBox = () => Promise.resolve({ response, checkboxChecked: false })
        }
      }, answer),
    clickMenu: (idOrLabel: string) =>
      app.evaluate(({ Menu }, wanted) => {
        Menu.getApplicationMenu()?.getMenuItemById(wanted)?.click()
      }, idOrLabel),
    windowCount: () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length),
    windowState: () =>
      app.evaluate(({ BrowserWindow }) => {
        const window = BrowserWindow.getAllWindows()[0]
        return window ? { visible: window.isVisible(), title: window.getTitle(), size: window.getContentSize() } : null
      }),
    resize: (width: number, height: number) =>
      app.evaluate(
        ({ BrowserWindow }, size) => {
          BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height)
        },
        { width, height }
      ),
    closeWindow: () =>
      app.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()[0]?.close()
      }),
    crashRenderer: () =>
      app.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer()
      }),
    throwInMain: (kind: 'timer' | 'rejection') =>
      app.evaluate((_electron, how) => {
        const planned = new Error(`planned: ${how}`)
        if (how === 'rejection') void Promise.reject(planned)
        else
          setTimeout(() => {
            throw planned
          })
      }, kind),
    /** Of every page there is: the window's first, and only what all have in common counts as true. */
    webPreferences: () =>
      app.evaluate(({ webContents }) => {
        const held = webContents.getAllWebContents().map((contents) => {
          // Documented for web contents; the types leave it out.
          const asked = contents as unknown as { getLastWebPreferences(): Record<string, unknown> | null }
          return asked.getLastWebPreferences() ?? {}
        })
        const [first = {}] = held
        return Object.fromEntries(
          Object.entries(first).filter(([name, value]) => held.every((one) => one[name] === value))
        )
      }),
    systemTheme: (scheme: 'light' | 'dark') =>
      app.evaluate(({ nativeTheme }, theme) => {
        nativeTheme.themeSource = theme
      }, scheme),
    utilities: () =>
      app.evaluate(({ app: electron }) =>
        electron
          .getAppMetrics()
          .filter(({ type }) => type === 'Utility')
          .map(({ pid, serviceName }) => ({ pid, serviceName: serviceName ?? '' }))
      ),
    refusals: () => Promise.resolve([])
  }
  return new Proxy(methods as unknown as Control, {
    get: (target, method) => {
      if (typeof method === 'symbol' || method === 'then') return undefined
      if (method in target) return target[method as keyof Control]
      throw new Error(`control.${method} is the host's only: skip this spec on Electron`)
    }
  })
}
