/**
 * glibc keeps what big buffers leave behind; mapped one by one they go back to the system at once. Measured over 110 short files:
 * growth after the tenth 12 MB without, 4 MB with, for 5 % more CPU time. Other systems do not read these.
 */
const MALLOC_SETTINGS = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' }

/**
 * A small young generation: V8 grows it in the course of minutes otherwise. Measured with a width-4 model: peaks of 116 / 123 MB
 * for 10 / 40 minutes of audio without, 110 / 111 MB with.
 */
const V8_SETTINGS = ['--max-semi-space-size=2']

export interface LaunchSettings {
  readonly env: NodeJS.ProcessEnv
  readonly execArgv: string[]
}

/** What any program is started with: for the process that stands for the usual way, which has no such settings; `env` says where a device's libraries are. */
export function plainSettings(env: NodeJS.ProcessEnv = {}): LaunchSettings {
  return { env: { ...process.env, ...env }, execArgv: [] }
}

/** What our processes are started with, whatever carries them. */
export function launchSettings(env: NodeJS.ProcessEnv = {}): LaunchSettings {
  return { env: { ...process.env, ...MALLOC_SETTINGS, ...env }, execArgv: [...V8_SETTINGS] }
}
