import { execFile } from 'node:child_process'
import path from 'node:path'

const TIMEOUT_MS = 20_000

export interface SystemCommand {
  readonly program: string
  readonly args: readonly string[]
}

/** The system's own way to go to sleep; null where we know none. `systemRoot` is Windows' folder. */
export function sleepCommand(platform: NodeJS.Platform, systemRoot = 'C:\\Windows'): SystemCommand | null {
  if (platform === 'linux') return { program: 'systemctl', args: ['suspend'] }
  if (platform === 'darwin') return { program: '/usr/bin/pmset', args: ['sleepnow'] }
  if (platform === 'win32') {
    const program = path.win32.join(systemRoot, 'System32', 'rundll32.exe')
    return { program, args: ['powrprof.dll,SetSuspendState', '0,1,0'] }
  }
  return null
}

/** Puts the computer to sleep. Throws what the system says where it does not. */
export async function sleepNow(): Promise<void> {
  const command = sleepCommand(process.platform, process.env.SystemRoot)
  if (command === null) throw new Error(`no way to sleep is known for ${process.platform}`)
  await run(command)
}

/** Runs a command without a shell. Throws its words where it fails or cannot be started. */
export function run({ program, args }: SystemCommand): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: TIMEOUT_MS, windowsHide: true }, (error, _stdout, stderr) => {
      if (error === null) resolve()
      else reject(new Error(stderr.trim() || error.message, { cause: error }))
    })
  })
}
