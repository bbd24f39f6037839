import os from 'node:os'
import path from 'node:path'
import { failureText } from '../src/main/cli/batchVoice'
import { checkText } from '../src/main/cli/checkWords'
import { EXIT_CANCELLED, watchForInterruption } from '../src/main/cli/interruption'
import { Screen } from '../src/main/cli/screen'
import { printable } from '../src/main/cli/words'
import { layoutOf } from '../src/main/layout'
import { dataFolderOf } from '../src/main/dataFolder'
import type { AddedModel } from '../src/main/models/importer'
import { openModels, type Models } from '../src/main/models/openModels'
import { workshopForkTransport } from '../src/main/processes/forkTransport'
import { WorkshopHost } from '../src/main/processes/workshopHost'
import { AppError, toAppError } from '../src/shared/errors/appError'
import { parseModelCommand, USAGE, type ModelCommand } from './modelArgs'
import { convertTo } from './modelConvert'
import { convertedLines, listLines, progressOn } from './modelVoice'
import { projectRoot } from './projectRoot'

/** `npm run model -- list | add | download | verify | remove | convert`. */

const FAILED = 1
const WRONG_USE = 2

const screen = new Screen(process.stdout, process.stderr, false)
const layout = layoutOf(path.join(projectRoot, 'out', 'main'))
const workshop = new WorkshopHost(() => workshopForkTransport(layout.workshopPath))

// Whatever ends this process, what it started ends with it.
process.on('exit', () => {
  workshop.killNow()
})

function openService(data: string | null): Promise<Models> {
  const { env, platform } = process
  const dataFolder = dataFolderOf(data, { env, platform, home: os.homedir() })
  return openModels({ dataFolder, bundledFolder: layout.modelsFolder, workshop })
}

async function run(command: ModelCommand, data: string | null, signal: AbortSignal): Promise<number> {
  if (command.kind === 'help') {
    screen.line(USAGE)
    return 0
  }
  const onProgress = progressOn(screen)
  if (command.kind === 'convert') {
    const onStep = (done: number, of: number): void => {
      onProgress({ phase: 'convert', fraction: done / of })
    }
    const made = await convertTo(workshop, { ...command, signal, onStep })
    screen.clearStatus()
    for (const line of convertedLines(made)) screen.line(line)
    return 0
  }
  const { service } = await openService(data)
  const task = { signal, onProgress }
  switch (command.kind) {
    case 'list':
      for (const line of listLines(await service.list())) screen.line(line)
      return 0
    case 'add':
      tellAdded(await service.add(command.path, { ...task, id: command.id }))
      return 0
    case 'download':
      tellAdded(await service.download(command.id, { ...task, mirror: command.mirror }))
      return 0
    case 'remove':
      await service.remove(command.id)
      screen.line(`${command.id} is removed.`)
      return 0
    case 'verify':
      return tellVerified(await service.verify(command.id, task))
  }
}

function tellAdded({ record, isNew }: AddedModel): void {
  screen.clearStatus()
  screen.line(isNew ? `Installed as ${record.id}.` : `It is installed already, as ${record.id}.`)
  for (const check of record.selfChecks) screen.line(`  ${checkText(check)}`)
  screen.line(`  use it with: npm run denoise -- INPUT --model ${record.id}`)
}

function tellVerified(results: Awaited<ReturnType<Models['service']['verify']>>): number {
  screen.clearStatus()
  for (const { id, damaged } of results) {
    if (damaged.length === 0) screen.line(`${id}: whole`)
    else {
      const error = new AppError('E_MODEL_DAMAGED', { detail: damaged.join(', ') }).toPayload()
      screen.error(failureText(`${id}:`, error, 'models'))
    }
  }
  return results.every(({ damaged }) => damaged.length === 0) ? 0 : FAILED
}

async function main(): Promise<number> {
  let parsed: ReturnType<typeof parseModelCommand>
  try {
    parsed = parseModelCommand(process.argv.slice(2))
  } catch (error) {
    screen.error(`${printable(error instanceof Error ? error.message : String(error))}\n\n${USAGE}`)
    return WRONG_USE
  }
  const interruption = watchForInterruption(() => {
    workshop.killNow()
  })
  try {
    return await run(parsed.command, parsed.data, interruption.signal)
  } catch (thrown) {
    const error = toAppError(thrown)
    screen.clearStatus()
    screen.error(failureText(`${parsed.command.kind}:`, error.toPayload(), 'models'))
    if (error.code === 'E_INTERNAL') console.error(thrown)
    return interruption.signal.aborted ? EXIT_CANCELLED : FAILED
  } finally {
    screen.clearStatus()
    interruption.dispose()
  }
}

process.exitCode = await main()
