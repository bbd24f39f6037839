/**
 * `npm start`: builds what is out of date and opens the app in Electron. The binary is not part of `npm install`; where it is
 * missing it is fetched once, and where that fails one line says so and what can be done without it.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clearTimeout, setTimeout } from 'node:timers'

const root = join(import.meta.dirname, '..')
const electronFolder = join(root, 'node_modules', 'electron')
const FETCH_TIMEOUT_MS = 600_000

/** Where `install-electron` has put the binary, or null. */
function binaryPath() {
  const pathFile = join(electronFolder, 'path.txt')
  if (!existsSync(pathFile)) return null
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(electronFolder, 'dist')
  const binary = join(folder, readFileSync(pathFile, 'utf8').trim())
  return existsSync(binary) ? binary : null
}

/** Why a child failed, in one line: Node prints a stack around it. */
function reasonOf(error, stderr) {
  if (error.killed) return `not there after ${FETCH_TIMEOUT_MS / 60_000} minutes`
  const lines = stderr.split('\n').map((line) => line.trim())
  const telling = lines.find((line) => /^\w*Error\b.*: /.test(line)) ?? lines.find(Boolean) ?? error.message
  return telling.replace(/^\w*Error: /, '')
}

/** Electron's own way to get its binary. Null where it worked, else the reason; a network that is closed is known within seconds. */
function fetchBinary() {
  return new Promise((resolve) => {
    const telling = setTimeout(() => console.log('Downloading Electron, once (about 110 MB) ...'), 3000)
    const options = { timeout: FETCH_TIMEOUT_MS, killSignal: 'SIGKILL' }
    execFile(process.execPath, [join(electronFolder, 'install.js')], options, (error, _stdout, stderr) => {
      clearTimeout(telling)
      if (error) resolve(reasonOf(error, stderr))
      else resolve(binaryPath() === null ? 'it came, but is not where it should be' : null)
    })
  })
}

function run(binary) {
  const child = spawn(binary, [root, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`Electron could not be started: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}

const failure = binaryPath() === null ? await fetchBinary() : null
if (failure === null) {
  execFileSync(process.execPath, [join(root, 'scripts', 'ensureBuilt.mjs')], { stdio: 'inherit' })
  run(binaryPath())
} else {
  console.error(
    `The Electron binary could not be downloaded (${failure}): \`npm run start:host\` opens the app without it.`
  )
  process.exitCode = 1
}
