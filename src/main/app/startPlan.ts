import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a start of the program is for. Paths are absolute. */
export type StartPlan =
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  | { readonly kind: 'window'; readonly paths: readonly string[] }
  /** A switch that would open the app to others (RELIABILITY S18). */
  | { readonly kind: 'refused'; readonly because: string }

export interface StartFacts {
  /** `process.argv`, the program's own path first. */
  readonly argv: readonly string[]
  readonly isPackaged: boolean
  readonly cwd: string
  /** Long names of the command line's options, without dashes. */
  readonly optionNames: readonly string[]
}

const REMOTE_SWITCH = /^(?:--?|\/)remote-(?:debugging|allow)-/iu
const SHORT_OPTIONS = new Set(['-h'])
const WINDOWLESS = '--headless'
/** Chromium's and our own switches that a command may be given beside its options; they are not for it. */
const NOT_FOR_THE_COMMAND =
  /^--(?:headless|no-sandbox|disable-gpu|disable-dev-shm-usage|ozone-platform|ozone-platform-hint|user-data-dir|stillwave-host-origin|inspect|remote-debugging-port)(?:=|$)/u

/** The program's arguments: after its own path, in development after the app's folder as well. */
export function userArgs(argv: readonly string[], isPackaged: boolean): readonly string[] {
  const args = argv.slice(1)
  if (isPackaged) return args
  const appIndex = args.findIndex((arg) => !arg.startsWith('-'))
  return appIndex < 0 ? args : args.toSpliced(appIndex, 1)
}

function isOption(arg: string, names: readonly string[]): boolean {
  if (SHORT_OPTIONS.has(arg) || arg === WINDOWLESS) return true
  return arg.startsWith('--') && names.includes(arg.slice(2).split('=', 1)[0]!)
}

function absolutePath(arg: string, cwd: string): string {
  return path.resolve(cwd, arg.startsWith('file:') && URL.canParse(arg) ? pathOfUrl(arg) : arg)
}

/** Desktops may hand over files as URLs; one that names another machine stays as it is and is refused as a path later. */
function pathOfUrl(address: string): string {
  try {
    return fileURLToPath(address)
  } catch {
    return address
  }
}

/** Decides what a start is for: any option of the command line makes it a command, paths alone are for the window. */
export function planStart({ argv, isPackaged, cwd, optionNames }: StartFacts): StartPlan {
  const args = userArgs(argv, isPackaged)
  const dashes = args.indexOf('--')
  const switches = (dashes < 0 ? args : args.slice(0, dashes)).filter((arg) => /^[-/]/u.test(arg))
  const remote = switches.find((arg) => REMOTE_SWITCH.test(arg))
  if (isPackaged && remote !== undefined) return { kind: 'refused', because: remote.split('=', 1)[0]! }
  if (switches.some((arg) => isOption(arg, optionNames))) {
    const rest = dashes < 0 ? [] : args.slice(dashes)
    const before = args.slice(0, args.length - rest.length).filter((arg) => !NOT_FOR_THE_COMMAND.test(arg))
    return { kind: 'command', argv: [...before, ...rest] }
  }
  const paths = args.filter((arg, index) => arg !== '' && (dashes >= 0 && index > dashes ? true : !arg.startsWith('-')))
  return { kind: 'window', paths: paths.map((arg) => absolutePath(arg, cwd)) }
}

/** The value of a `--name=value` switch of this start. */
export function switchValue(argv: readonly string[], name: string): string | null {
  const prefix = `--${name}=`
  const value = argv.find((arg) => arg.startsWith(prefix))?.slice(prefix.length)
  return value === undefined || value === '' ? null : value
}
