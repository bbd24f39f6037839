import { doctorText } from '../diagnostics/doctorText'
import { parseCommand, UsageError, type DenoiseArgs } from './args'
import { HELP } from './help'
import { EXIT_CANCELLED, watchForInterruption } from './interruption'
import { MERGE_HELP, MERGE_WORD, mergeCommand } from './mergeCommand'
import { watchFolders } from './watchFolders'
import { Screen } from './screen'
import { EXIT_OK, EXIT_SOME_FAILED, EXIT_WRONG_USE, type CliServices } from './cliServices'
import { DenoiseCommand, prepared } from './denoiseCommand'

/** Runs one command line and returns its exit code. */
export async function runCli(argv: readonly string[], services: CliServices): Promise<number> {
  const interruption = watchForInterruption(() => {
    services.host.killNow()
  })
  try {
    if (argv[0] === MERGE_WORD) return await merge(argv.slice(1), services)
    const command = parseCommand(argv)
    if (command.kind === 'denoise') return await denoise(command.args, services, interruption.signal)
    if (command.kind === 'doctor') return await doctor(command, services, interruption.signal)
    services.stdout.write(command.kind === 'help' ? HELP : `${services.version}\n`)
    return EXIT_OK
  } catch (thrown) {
    if (interruption.signal.aborted) return EXIT_CANCELLED
    if (!(thrown instanceof UsageError)) throw thrown
    services.stderr.write(`${thrown.message}\nRun with --help for all options.\n`)
    return EXIT_WRONG_USE
  } finally {
    services.host.killNow()
    interruption.dispose()
  }
}

/** Once, or again and again with what comes. */
async function denoise(args: DenoiseArgs, services: CliServices, signal: AbortSignal): Promise<number> {
  const screen = new Screen(services.stdout, services.stderr, args.quiet)
  const run = (only: ReadonlySet<string> | null): Promise<number> =>
    new DenoiseCommand(args, services, { screen, signal, only }).run()
  if (!args.watch) return run(null)
  // What is wrong with the options is said before the wait.
  await prepared(args, services, { signal, only: new Set() })
  return watchFolders({ args, signal, screen, denoise: run })
}

async function merge(argv: readonly string[], { stdout }: CliServices): Promise<number> {
  const outcome = await mergeCommand(argv)
  stdout.write(outcome === null ? MERGE_HELP : outcome.lines.map((line) => `${line}\n`).join(''))
  return outcome?.isIncomplete ? EXIT_SOME_FAILED : EXIT_OK
}

async function doctor(
  { data, json }: { readonly data: string | null; readonly json: boolean },
  { gather, stdout }: CliServices,
  signal: AbortSignal
): Promise<number> {
  const { diagnostics } = await gather(data, signal)
  stdout.write(json ? `${JSON.stringify(diagnostics, null, 2)}\n` : doctorText(diagnostics))
  return diagnostics.problems.some(({ weight }) => weight === 'fault') ? EXIT_SOME_FAILED : EXIT_OK
}
