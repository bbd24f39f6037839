import { statfs } from 'node:fs/promises'
import { cpus, homedir, hostname, release, tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { DeviceState, Diagnostics, ModelFileState } from '../../shared/ipc/diagnosticsViews'
import type { AppSettings } from '../../shared/settings/appSettings'
import type { Layout } from '../layout'
import { availableBytes, totalBytes } from '../core/metricsSampler'
import { DeviceRecords } from '../devices/deviceRecords'
import { ortPackage } from '../devices/ortPackage'
import type { Log } from '../logNames'
import { filesOfCatalog, type Catalog } from '../models/catalog'
import { hashFile } from '../models/hashFile'
import { installedIn, libraryIn } from '../models/openModels'
import type { OpenTransport } from '../processes/engineTransport'
import { MediaHost, type FfmpegStatus } from '../processes/mediaHost'
import type { OpenMediaTransport } from '../processes/mediaTransport'
import { SettingsStore } from '../settings/settingsStore'
import { errorsIn, recentLines } from './logLines'
import { problemsOf } from './problems'
import { redactAll, redactor, type Secrets } from './redact'
import { selfTest } from './selfTest'
import { settingsState } from './settingsState'

export interface DiagnosticsSources {
  readonly layout: Layout
  readonly dataFolder: string
  readonly openEngine: OpenTransport
  readonly openMedia: OpenMediaTransport
  /** Names of the user's files, where somebody knows them: they are taken out wherever they stand. */
  readonly names: () => readonly string[]
  readonly log: Log
}

export interface Gathered {
  readonly diagnostics: Diagnostics
  /** The last lines of the log; redacted like all of it. */
  readonly logLines: readonly string[]
}

const LOG_LINES = 500
const ERRORS = 50

/**
 * What somebody who helps needs to know of this machine, from the data folder and by trying: the same for the window's archive and
 * the command. What is wrong stands in it; it throws `E_CANCELLED` only, and what Node throws for a data folder that cannot be read.
 */
export async function gather(sources: DiagnosticsSources, signal: AbortSignal): Promise<Gathered> {
  const { layout, dataFolder, openEngine, log } = sources
  const { settings } = await SettingsStore.open(dataFolder, log)
  const library = libraryIn(dataFolder, layout.modelsFolder)
  const installed = await installedIn(dataFolder).list()
  const [models, ffmpeg, devices, lines, freeDataDiskBytes, freeTemporaryDiskBytes] = await Promise.all([
    library.catalog().then((catalog) => modelFiles(catalog, layout.modelsFolder)),
    ffmpegOf(sources, settings),
    devicesOf(dataFolder, log),
    recentLines(path.join(dataFolder, 'logs'), LOG_LINES),
    freeBytes(dataFolder),
    freeBytes(tmpdir())
  ])
  const test = await selfTest({ samplesFolder: layout.samplesFolder, library, openEngine, signal })
  const found = {
    version: 1,
    at: new Date().toISOString(),
    versions: versionsOf(layout),
    system: { ...systemOf(), freeDataDiskBytes, freeTemporaryDiskBytes },
    devices,
    models,
    ownModels: {
      count: installed.length,
      damaged: installed.filter(({ record }) => record === null || record.damaged.length > 0).length
    },
    ffmpeg: ffmpeg.ffmpeg && { version: ffmpeg.ffmpeg.version, encoders: ffmpeg.encoders },
    settings: settingsState(settings, (await library.offers()).map(({ id }) => id).concat(models.map((m) => m.model))),
    selfTest: test,
    errors: errorsIn(lines, ERRORS)
  } as const
  const redact = redactor(secretsOf(sources, settings, [...installed.map(({ id }) => id)]))
  return {
    diagnostics: redacted({ ...found, problems: problemsOf(found, ffmpeg.error) }, redact),
    logLines: lines.map(redact)
  }
}

/** What somebody else wrote: errors' details, names of cards, lines of the log. The rest is made of our own words and figures. */
function redacted(found: Diagnostics, redact: (text: string) => string): Diagnostics {
  const { selfTest: test, problems, errors, devices } = found
  return {
    ...found,
    selfTest: test.ok ? test : { ...test, error: { ...test.error, data: redactAll(test.error.data, redact) } },
    problems: problems.map((problem) => ({ ...problem, detail: redact(problem.detail) })),
    errors: errors.map((error) => ({ ...error, text: redact(error.text) })),
    devices: redactAll(devices, redact)
  }
}

function secretsOf({ layout, names }: DiagnosticsSources, settings: AppSettings, own: readonly string[]): Secrets {
  const { folder, subfolder } = settings.job.output
  const folders = folder === null ? [] : [path.basename(folder)]
  // A folder of the default's name would take the word out of every sentence.
  const chosen = subfolder === 'clean' ? [] : [subfolder]
  return {
    home: homedir(),
    userName: userName(),
    hostName: hostname(),
    appRoot: path.dirname(path.dirname(path.dirname(layout.enginePath))),
    names: [...names(), ...folders, ...chosen, ...own, ...settings.userPresets.map(({ name }) => name)]
  }
}

/** Empty where the system knows none (a container's bare number). */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? process.env.USERNAME ?? ''
  }
}

function versionsOf({ version }: Layout): Diagnostics['versions'] {
  // Without Electron there is none of its own.
  const { electron, chrome, node, v8 } = process.versions as Readonly<Record<string, string | undefined>>
  const of = { stillwave: version, electron, chrome, node, v8, onnxruntime: ortPackage().version }
  return Object.fromEntries(Object.entries(of).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])))
}

function systemOf(): Pick<
  Diagnostics['system'],
  'platform' | 'release' | 'arch' | 'cpu' | 'cores' | 'memoryBytes' | 'freeMemoryBytes'
> {
  return {
    platform: process.platform,
    release: release(),
    arch: process.arch,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalBytes(),
    freeMemoryBytes: availableBytes()
  }
}

async function modelFiles(catalog: Catalog, folder: string): Promise<readonly ModelFileState[]> {
  const files = catalog.models.flatMap((model) => filesOfCatalog(model).map((file) => ({ model: model.id, ...file })))
  return Promise.all(
    files.map(async ({ model, file, sha256: expected }): Promise<ModelFileState> => {
      let bytes = 0
      const onBytes = (count: number): void => void (bytes += count)
      const sha256 = await hashFile(path.join(folder, file), { onBytes }).catch(() => null)
      if (sha256 === null) return { model, file, bytes: null, sha256, state: 'missing' }
      return { model, file, bytes, sha256, state: expected === null || sha256 === expected ? 'right' : 'changed' }
    })
  )
}

/** By a media process of its own, that is gone when this settles. */
async function ffmpegOf({ openMedia }: DiagnosticsSources, settings: AppSettings): Promise<FfmpegStatus> {
  const media = new MediaHost(openMedia)
  try {
    media.setFfmpeg(settings.ffmpegPath)
    return await media.ffmpeg()
  } catch (thrown) {
    const error = thrown instanceof AppError ? thrown : toAppError(thrown)
    return { ffmpeg: null, encoders: [], error: error.toPayload() }
  } finally {
    await media.close()
  }
}

/** The last trial of each device, whatever model it was with. */
async function devicesOf(dataFolder: string, log: Log): Promise<readonly DeviceState[]> {
  const records = await DeviceRecords.open(dataFolder, log)
  return records.latest().map(({ device, state, reason, adapter, matchDb, audioSec, wallSec }) => {
    const speed = audioSec === null || wallSec === null ? null : audioSec / wallSec
    return { device, state, reason, adapter, matchDb, speed }
  })
}

async function freeBytes(folder: string): Promise<number | null> {
  // Before the first start there is no data folder: its parent lies on the same disk.
  const stats = await statfs(folder).catch(() => statfs(path.dirname(folder)).catch(() => null))
  return stats && stats.bavail * stats.bsize
}
