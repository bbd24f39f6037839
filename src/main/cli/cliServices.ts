import type { HeadlessServices } from '../compose'
import type { Terminal } from './screen'

export const EXIT_OK = 0
export const EXIT_SOME_FAILED = 1
export const EXIT_WRONG_USE = 2

/** What the command stands on. */
export interface CliServices extends HeadlessServices {
  readonly stdout: Terminal
  readonly stderr: Terminal
}
