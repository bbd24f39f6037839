import path from 'node:path'
import { parseArgs } from 'node:util'
import { failureText } from '../src/main/cli/batchVoice'
import { autoText, deviceLine } from '../src/main/cli/deviceWords'
import { EXIT_CANCELLED, watchForInterruption } from '../src/main/cli/interruption'
import { Screen } from '../src/main/cli/screen'
import { printable } from '../src/main/cli/words'
import { devicesOf, libraryOf } from '../src/main/compose'
import { layoutOf } from '../src/main/layout'
import { decideDevice, triedModel } from '../src/main/devices/autoDevice'
import { toAppError } from '../src/shared/errors/appError'
import { DEVICES, JOINS } from '../src/shared/settings/choices'
import { projectRoot } from './projectRoot'

/** `npm run device -- list | probe [DEVICE] | get cuda`. */

const USAGE = `npm run device -- COMMAND

  list             devices, what was measured of them, and why one is not offered
  probe [DEVICE]   tries a device, or all: a real run compared with the CPU's and timed
  get cuda         downloads CUDA's libraries into the data folder (about 1.7 GB and more), and tries the device

  --model NAME     an id of the models (default: the bundled one)
  --join JOIN      carried (default) or overlap: the graph that is tried
  --data DIR       where results are kept (default: with the app's settings)
  --help`

const FAILED = 1
const WRONG_USE = 2
const screen = new Screen(process.stdout, process.stderr, false)
const layout = layoutOf(path.join(projectRoot, 'out', 'main'))

function read(): { words: readonly string[]; model: string | null; join: 'carried' | 'overlap'; data: string | null } {
  const text = { type: 'string' } as const
  const options = { model: text, join: text, data: text, help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const join = JOINS.find((one) => one === (values.join ?? 'carried'))
  if (join === undefined) throw new Error(`--join is one of ${JOINS.join(', ')}`)
  const words = values.help ? ['help'] : positionals
  return { words, model: values.model ?? null, join, data: values.data ?? null }
}

async function run({ words, model, join, data }: ReturnType<typeof read>, signal: AbortSignal): Promise<number> {
  const [command = 'help', subject] = words
  const { service, cuda } = await devicesOf(layout, data)
  const library = libraryOf(layout, data)
  const modelId = model ?? (await library.catalog()).default
  const tried = await triedModel(library, { modelId, join })
  const show = async (): Promise<void> => {
    const auto = await decideDevice(service, library, { modelId, device: 'auto', join })
    for (const view of await service.list(tried, auto?.device ?? null)) screen.line(deviceLine(view))
    if (auto) screen.line(autoText(auto))
  }
  const probe = async (which: Parameters<typeof service.probe>[0]): Promise<void> => {
    const onDevice = (device: string): void => {
      screen.line(`Trying ${device} with ${modelId} ...`)
    }
    await service.probe(which, tried, { signal, onDevice })
    await show()
  }
  if (command === 'list') await show()
  else if (command === 'probe') {
    const device = DEVICES.find((one) => one === (subject ?? 'auto'))
    if (device === undefined) throw new Error(`a device is one of ${DEVICES.slice(1).join(', ')}`)
    await probe(device === 'auto' ? 'all' : device)
  } else if (command === 'get' && subject === 'cuda') {
    let told = ''
    await cuda.get({
      signal,
      onProgress: ({ phase, subject: file }) => {
        if (told !== `${phase} ${file}`) screen.line(`${phase}: ${file}`)
        told = `${phase} ${file}`
      }
    })
    await probe('cuda')
  } else {
    screen.line(USAGE)
    return command === 'help' ? 0 : WRONG_USE
  }
  return 0
}

async function main(): Promise<number> {
  const interruption = watchForInterruption(() => undefined)
  try {
    return await run(read(), interruption.signal)
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code === 'E_INTERNAL') screen.error(`${printable(String(error.data.detail))}\n\n${USAGE}`)
    else screen.error(failureText('device:', error.toPayload()))
    if (interruption.signal.aborted) return EXIT_CANCELLED
    return error.code === 'E_INTERNAL' ? WRONG_USE : FAILED
  } finally {
    interruption.dispose()
  }
}

process.exitCode = await main()
