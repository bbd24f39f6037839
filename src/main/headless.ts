import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { toAppError } from '../shared/errors/appError'
import { failureText } from './cli/batchVoice'
import { EXIT_SOME_FAILED } from './cli/cliServices'
import { runCli } from './cli/runCli'
import { composeHeadless } from './compose'
import { layoutOf } from './layout'

/** The command line's entry: `node out/main/headless.js INPUT...`. */
const bundleFolder = path.dirname(fileURLToPath(import.meta.url))
const services = composeHeadless(layoutOf(bundleFolder))

// Whatever ends this process, its engine ends with it.
process.on('exit', () => {
  services.host.killNow()
})

try {
  process.exitCode = await runCli(process.argv.slice(2), {
    ...services,
    stdout: process.stdout,
    stderr: process.stderr
  })
} catch (thrown) {
  const error = toAppError(thrown)
  console.error(failureText('Stopped.', error.toPayload()))
  if (error.code === 'E_INTERNAL') console.error(thrown)
  process.exitCode = EXIT_SOME_FAILED
}
