import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { app } from 'electron'
import { runCommand } from './app/commandLine'
import { startDesktop } from './app/desktop'
import { planStart } from './app/startPlan'
import { OPTION_NAMES } from './cli/args'

/**
 * The app's entry under Electron. Nothing here is awaited: Electron is not ready before this module has ended, so that waiting
 * for it on the top level would never end.
 */
const bundleFolder = path.dirname(fileURLToPath(import.meta.url))
const plan = planStart({
  argv: process.argv,
  isPackaged: app.isPackaged,
  cwd: process.cwd(),
  optionNames: OPTION_NAMES
})

if (plan.kind === 'refused') {
  console.error(`Stillwave does not start with ${plan.because}.`)
  app.exit(1)
} else if (plan.kind === 'command') {
  runCommand(plan.argv, bundleFolder)
} else {
  startDesktop({ paths: plan.paths, argv: process.argv, bundleFolder })
}
