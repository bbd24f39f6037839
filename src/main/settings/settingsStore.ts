import { copyFile, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { AppSettings, DEFAULT_APP_SETTINGS, patchSettings, type SettingsPatch } from '../../shared/settings/appSettings'
import { JobSettings, OutputSettings } from '../../shared/settings/jobSettings'
import { toAppError } from '../../shared/errors/appError'

const NAME = 'settings.json'
const DEBOUNCE_MS = 150

/** The app's settings on disk: written in one step, soon after a change and at the end. */
export class SettingsStore {
  private timer: NodeJS.Timeout | null = null
  private writing: Promise<void> = Promise.resolve()

  private constructor(
    private readonly folder: string,
    private current: AppSettings,
    private readonly log: (line: string) => void
  ) {}

  /** Never throws for what is in the file: what cannot be read is kept as a copy and told to the log. */
  static async open(folder: string, log: (line: string) => void): Promise<SettingsStore> {
    const file = path.join(folder, NAME)
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      // Not there yet, or not to be read (a folder, another user's): the app starts all the same.
      const isNew = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isNew) log(`the settings could not be read: ${toAppError(error).message}`)
      return null
    })
    const value = text === null ? DEFAULT_APP_SETTINGS : parseJson(text)
    if (value === undefined) await keepCopy(file, log)
    const { settings, dropped } = readSettings(value)
    if (dropped.length > 0) log(`settings that could not be read have their defaults: ${dropped.join(', ')}`)
    return new SettingsStore(folder, settings, log)
  }

  get settings(): AppSettings {
    return this.current
  }

  /** Throws a `ZodError` where the result would not be settings. */
  patch(patch: SettingsPatch): AppSettings {
    this.current = patchSettings(this.current, patch)
    this.timer ??= setTimeout(() => {
      void this.flush()
    }, DEBOUNCE_MS)
    return this.current
  }

  /** Resolves when what is set now is on disk; a disk that does not take it is told to the log. */
  async flush(): Promise<void> {
    if (this.timer) {
      clearTimeout(this.timer)
      this.timer = null
      const { current } = this
      this.writing = this.writing.then(() => this.write(current))
    }
    await this.writing
  }

  private async write(settings: AppSettings): Promise<void> {
    const file = path.join(this.folder, NAME)
    const temporary = `${file}.${process.pid}.tmp`
    try {
      const handle = await open(temporary, 'w')
      try {
        await handle.writeFile(`${JSON.stringify(settings, null, 2)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
    } catch (thrown) {
      this.log(`the settings could not be saved: ${toAppError(thrown).message}`)
      await rm(temporary, { force: true }).catch(() => undefined) // What came first is told.
    }
  }
}

/** Field by field: one bad value costs its own default only, unknown fields go. */
export function readSettings(value: unknown): { readonly settings: AppSettings; readonly dropped: readonly string[] } {
  const dropped: string[] = []
  const fields = asRecord(value)
  const job = asRecord(fields.job)
  const output = readFields(OutputSettings.shape, DEFAULT_APP_SETTINGS.job.output, asRecord(job.output), (key) =>
    dropped.push(`job.output.${key}`)
  )
  const jobFields = { ...JobSettings.shape, output: OutputSettings }
  const readJob = readFields(jobFields, DEFAULT_APP_SETTINGS.job, { ...job, output }, (key) =>
    dropped.push(`job.${key}`)
  )
  const all = readFields(AppSettings.shape, DEFAULT_APP_SETTINGS, { ...fields, job: readJob }, (key) =>
    dropped.push(key)
  )
  return { settings: AppSettings.parse(all), dropped }
}

interface Schema {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown }
}

function readFields<T extends object>(
  shape: Readonly<Record<string, Schema>>,
  defaults: T,
  value: Readonly<Record<string, unknown>>,
  onDropped: (key: string) => void
): T {
  const read = { ...defaults } as Record<string, unknown>
  for (const [key, schema] of Object.entries(shape)) {
    if (!(key in value)) continue
    const parsed = schema.safeParse(value[key])
    if (parsed.success) read[key] = parsed.data
    else onDropped(key)
  }
  return read as T
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** Undefined where it is no JSON object. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

async function keepCopy(file: string, log: (line: string) => void): Promise<void> {
  const copy = `${file}.${new Date().toISOString().replace(/[:.]/gu, '-')}.damaged`
  await copyFile(file, copy)
  log(`the settings could not be read and have their defaults; a copy is kept at ${copy}`)
}
