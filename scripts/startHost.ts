import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { findChromium, HOW_TO_INSTALL } from './findChromium'
import { projectRoot } from './projectRoot'

/** `npm run start:host [-- FILES]`: the built app in a window of Chromium, for a look where Electron's binary cannot be had. */

function fail(line: string): never {
  console.error(line)
  process.exit(1)
}

const chromium = findChromium()
if (chromium === null) fail(`start:host needs Chromium, and none was found. ${HOW_TO_INSTALL}`)
const hasDisplay = ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (process.env[name] ?? '') !== '')
if (process.platform === 'linux' && !hasDisplay) {
  fail('start:host opens a window, and there is no display here. With one of its own: xvfb-run -a npm run start:host')
}
console.log(
  `Stillwave on a stand-in for Electron (e2e/host), in ${chromium}. Menu keys work; dialogs ask in this terminal.`
)
const args = [join(projectRoot, 'out/scripts/hostRun.js'), join(projectRoot, 'out/main/index.js')]
const child = spawn(process.execPath, [...args, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, STILLWAVE_HOST_VISIBLE: '1', STILLWAVE_CHROMIUM: chromium }
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 0) : 1
})
