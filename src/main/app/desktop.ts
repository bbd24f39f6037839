import { homedir } from 'node:os'
import path from 'node:path'
import { app, dialog, nativeTheme, type BrowserWindow } from 'electron'
import { toAppError } from '../../shared/errors/appError'
import type { PushEvent } from '../../shared/ipc/views'
import { layoutOf } from '../layout'
import { checkInstallation } from '../installation'
import type { Log } from '../logNames'
import { AppCore } from '../core/appCore'
import { removeLiveParts } from '../jobs/partFiles'
import { gather, type DiagnosticsSources } from '../diagnostics/gather'
import { namesIn } from '../diagnostics/names'
import { EventBus } from '../ipc/eventBus'
import { mergeHandlers } from '../ipc/handlers'
import { serveIpc } from '../ipc/ipcServer'
import { cudaEnvironment } from '../devices/cudaSupport'
import { ortPackage } from '../devices/ortPackage'
import {
  mediaUtilityTransport,
  naiveUtilityTransport,
  utilityTransport,
  workshopUtilityTransport
} from '../processes/utilityTransport'
import { Countdown, type EndAction } from './countdown'
import { electronHandlers } from './electronHandlers'
import { appFolders, type AppFolders } from './folders'
import { guardContents, guardSession } from './guards'
import { isFirstStart, listenForPaths, listenForQuit } from './lifecycle'
import { leastLevel, LogFile } from './log'
import { Manners } from './manners'
import { menuActions } from './menuActions'
import { PathInbox } from './pathInbox'
import { registerScheme, serveApp } from './protocols'
import { isBusy } from './queueFacts'
import { Quitting } from './quitting'
import { watchPage } from './recovery'
import { sleepNow } from './sleep'
import { Teller } from './tell'
import { mediaUrl, originOf, pageUrl } from './urls'
import { createWindow, focusWindow } from './window'
import { errorText, wordsOf, type Words } from './words'

export interface DesktopOptions {
  /** Files and folders to add, absolute. */
  readonly paths: readonly string[]
  readonly argv: readonly string[]
  /** `out/main`. */
  readonly bundleFolder: string
}

/** Electron tells KB. */
function processMemory(): ReadonlyMap<number, number> {
  return new Map(app.getAppMetrics().map(({ pid, memory }) => [pid, memory.workingSetSize * 1024]))
}

/** What Chromium would ask the network for by itself (RELIABILITY S5). */
const OFFLINE_SWITCHES = [
  'disable-background-networking',
  'disable-component-update',
  'disable-domain-reliability',
  'no-pings'
]

/** Starts the app with its window; must be called before Electron is ready. */
export function startDesktop({ paths, argv, bundleFolder }: DesktopOptions): void {
  const folders = appFolders(bundleFolder, argv)
  if (!isFirstStart(paths)) {
    app.exit(0)
    return
  }
  const logFile = new LogFile(folders.logFolder, homedir(), { least: leastLevel(process.env) })
  const log: Log = (line, level) => {
    logFile.write(line, level)
  }
  app.enableSandbox()
  // An AppImage adds it by itself where the system lets no program make a user namespace.
  if (argv.includes('--no-sandbox')) log('the system’s sandbox is off: started with --no-sandbox', 'warn')
  for (const name of OFFLINE_SWITCHES) app.commandLine.appendSwitch(name)
  // Windows shows no notification of a program without an id.
  if (process.platform === 'win32') app.setAppUserModelId('org.stillwave.desktop')
  registerScheme()
  guardContents(pageUrl(originOf(argv, app.isPackaged)), log)
  const desktop = new Desktop({ argv, bundleFolder, folders, log })
  desktop.inbox.add(paths)
  app
    .whenReady()
    .then(() => desktop.open())
    .catch((thrown: unknown) => {
      desktop.cannotStart(thrown)
    })
}

interface DesktopParts {
  readonly argv: readonly string[]
  readonly bundleFolder: string
  readonly folders: AppFolders
  readonly log: Log
}

/** The app with its window: makes the parts and knows how they hang together. */
class Desktop {
  readonly inbox = new PathInbox()
  private window: BrowserWindow | null = null
  private core: AppCore | null = null
  private manners: Manners | null = null
  private readonly bus: EventBus
  private readonly teller: Teller
  private readonly countdown: Countdown
  private readonly leaving = new AbortController()
  private readonly quitting: Quitting

  constructor(private readonly parts: DesktopParts) {
    const { log, folders } = parts
    this.bus = new EventBus(() => this.livingWindow()?.webContents ?? null, log)
    this.teller = new Teller({
      window: () => this.livingWindow(),
      words: () => this.words(),
      logFolder: folders.logFolder,
      log,
      quit: () => void this.quitting.now(),
      isLeaving: () => this.quitting.isLeaving
    })
    this.countdown = new Countdown(
      (event) => {
        this.bus.push(event)
      },
      (action) => {
        this.atEnd(action)
      }
    )
    this.quitting = new Quitting({
      isBusy: () => this.core !== null && isBusy(this.core.queueState),
      ask: () => this.teller.confirmQuit(),
      close: () => this.close(),
      exit: (code) => {
        removeLiveParts()
        app.exit(code)
      },
      log
    })
    listenForPaths({
      inbox: this.inbox,
      log,
      showWindow: () => {
        const window = this.livingWindow()
        if (window !== null) focusWindow(window)
      }
    })
    process.on('uncaughtException', (error) => void this.teller.unexpected(error))
    process.on('unhandledRejection', (reason) => void this.teller.unexpected(reason))
  }

  async open(): Promise<void> {
    const { bundleFolder, folders, argv, log } = this.parts
    const layout = layoutOf(bundleFolder)
    log(`Stillwave ${layout.version} on ${process.platform} ${process.arch}`)
    if (app.isPackaged) await checkInstallation(app.getAppPath(), process.resourcesPath)
    serveApp(folders.rendererFolder, (request) => {
      if (this.core === null) return Promise.resolve(new Response(null, { status: 404 }))
      return this.core.services.player.serve(request)
    })
    const origin = originOf(argv, app.isPackaged)
    guardSession(origin, log)
    const cuda = (): NodeJS.ProcessEnv => cudaEnvironment(folders.dataFolder, ortPackage())
    const core = await AppCore.open({
      layout,
      dataFolder: folders.dataFolder,
      logFolder: folders.logFolder,
      locale: app.getLocale(),
      openEngine: () => utilityTransport(layout.enginePath, cuda()),
      openMedia: () => mediaUtilityTransport(layout.mediaPath),
      openNaive: () => naiveUtilityTransport(layout.naivePath, cuda()),
      openWorkshop: () => workshopUtilityTransport(layout.workshopPath, cuda()),
      processMemory,
      mediaUrl: (token) => mediaUrl(origin, token),
      push: (event) => {
        this.push(event)
      },
      log
    })
    this.core = core
    nativeTheme.themeSource = core.settings.theme
    this.openWindow(core, origin)
  }

  private openWindow(core: AppCore, origin: string): void {
    const { folders, log } = this.parts
    const devTools = !app.isPackaged
    const window = createWindow({
      preloadPath: folders.preloadPath,
      iconPath: folders.iconPath,
      placementPath: path.join(folders.dataFolder, 'window.json'),
      devTools,
      log
    })
    this.window = window
    const words = (): Words => this.words()
    const electron = electronHandlers({
      core,
      place: { window: () => this.livingWindow(), words },
      logFolder: folders.logFolder,
      cancelCountdown: () => {
        this.countdown.cancel()
      },
      gather: () => gather(this.diagnosticsSources(core), this.leaving.signal)
    })
    serveIpc({
      handlers: mergeHandlers(core.handlers, electron, () => {
        this.bus.pageAsks()
      }),
      origin,
      contents: () => this.livingWindow()?.webContents ?? null,
      log
    })
    const actions = menuActions({
      core,
      electron,
      push: (event) => {
        this.bus.push(event)
      },
      tell: (thrown) => {
        this.teller.failed(thrown)
      }
    })
    this.manners = new Manners({ core, window, words, actions, countdown: this.countdown, devTools })
    watchPage({
      window,
      pageAddress: pageUrl(origin),
      words,
      log,
      onPageLoading: () => {
        this.bus.pageLoading()
        core.services.player.closeAll()
      }
    })
    listenForQuit(this.quitting, window)
    this.inbox.open((paths) => {
      core.addPaths(paths).catch((thrown: unknown) => {
        this.teller.failed(thrown)
      })
    })
    // A page that crashes while it loads is brought back by those who watch it: that is no reason not to start.
    window.loadURL(pageUrl(origin)).catch((thrown: unknown) => {
      log(`the page did not load: ${String(thrown)}`, 'error')
    })
  }

  cannotStart(thrown: unknown): void {
    const { log } = this.parts
    log(`cannot start: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`, 'error')
    const words = this.words()
    dialog.showErrorBox(words.dialogs.cannotStart.message, errorText(words, toAppError(thrown).toPayload()))
    app.exit(1)
  }

  private push(event: PushEvent): void {
    this.bus.push(event)
    this.manners?.onEvent(event)
  }

  private atEnd(action: EndAction): void {
    if (action === 'quit') {
      void this.quitting.request()
      return
    }
    sleepNow().catch((thrown: unknown) => {
      this.teller.sleepFailed(thrown)
    })
  }

  /** The window's archive says of the machine what the command does, and knows the names in the list besides. */
  private diagnosticsSources(core: AppCore): DiagnosticsSources {
    const { bundleFolder, folders, log } = this.parts
    const layout = layoutOf(bundleFolder)
    return {
      layout,
      dataFolder: folders.dataFolder,
      openEngine: () => utilityTransport(layout.enginePath),
      openMedia: () => mediaUtilityTransport(layout.mediaPath),
      names: () => namesIn(core.queueState),
      log
    }
  }

  private async close(): Promise<void> {
    this.leaving.abort()
    this.manners?.dispose()
    await this.core?.close()
  }

  private words(): Words {
    return wordsOf(this.core?.settings.language ?? 'system', app.getLocale())
  }

  private livingWindow(): BrowserWindow | null {
    return this.window === null || this.window.isDestroyed() ? null : this.window
  }
}
