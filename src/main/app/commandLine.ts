import { app } from 'electron'
import { toAppError } from '../../shared/errors/appError'
import { parseCommand, UsageError } from '../cli/args'
import { failureText } from '../cli/batchVoice'
import { EXIT_SOME_FAILED } from '../cli/cliServices'
import { runCli } from '../cli/runCli'
import { composeHeadless, type HeadlessServices } from '../compose'
import { layoutOf } from '../layout'
import { checkInstallation } from '../installation'
import { mediaUtilityTransport, utilityTransport, workshopUtilityTransport } from '../processes/utilityTransport'

/**
 * The command line of the installed app: `stillwave FOLDER --out DIR`. The engine is a utility process as in the window (a packaged
 * app cannot fork itself as Node), and those need a ready Electron, which here gets no window, no GPU and, where there is no
 * display, none of those either.
 */
export function runCommand(argv: readonly string[], bundleFolder: string): void {
  run(argv, bundleFolder).then(
    (code) => {
      app.exit(code)
    },
    (thrown: unknown) => {
      console.error(thrown)
      app.exit(EXIT_SOME_FAILED)
    }
  )
}

async function run(argv: readonly string[], bundleFolder: string): Promise<number> {
  if (needsEngine(argv)) {
    await readyWithoutWindow()
    if (app.isPackaged) await checkInstallation(app.getAppPath(), process.resourcesPath)
  }
  const layout = layoutOf(bundleFolder)
  const services = composeHeadless(
    layout,
    () => utilityTransport(layout.enginePath),
    () => workshopUtilityTransport(layout.workshopPath),
    () => mediaUtilityTransport(layout.mediaPath)
  )
  process.on('exit', () => {
    services.host.killNow()
  })
  return exitCode(argv, services)
}

/** Help, version and wrong use are answered on any machine, before Electron looks for a display. */
function needsEngine(argv: readonly string[]): boolean {
  try {
    return ['denoise', 'doctor'].includes(parseCommand(argv).kind)
  } catch (thrown) {
    if (thrown instanceof UsageError) return false
    throw thrown
  }
}

async function readyWithoutWindow(): Promise<void> {
  app.disableHardwareAcceleration()
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    app.commandLine.appendSwitch('ozone-platform', 'headless')
  }
  await app.whenReady()
  app.dock?.hide()
  // Where Electron's own signal handler is first, it quits: the command is stopped in order instead.
  app.on('before-quit', (event) => {
    event.preventDefault()
    process.emit('SIGTERM')
  })
}

async function exitCode(argv: readonly string[], services: HeadlessServices): Promise<number> {
  try {
    return await runCli(argv, { ...services, stdout: process.stdout, stderr: process.stderr })
  } catch (thrown) {
    const error = toAppError(thrown)
    console.error(failureText('Stopped.', error.toPayload()))
    if (error.code === 'E_INTERNAL') console.error(thrown)
    return EXIT_SOME_FAILED
  }
}
