import { z } from 'zod'
import { DEFAULT_JOB_SETTINGS, JobSettings, LIMITS } from './jobSettings'
import { JOINS } from './choices'
import { splitPatterns, type FilePatterns } from './filePatterns'

export const THEMES = ['system', 'light', 'dark'] as const
export const LANGUAGES = ['system', 'en', 'zh-CN'] as const
export const DOCKS = ['closed', 'listen', 'memory'] as const
export const DOCK_HEIGHT_PX = { min: 190, max: 4000, default: 320 } as const
/** 0 keeps nothing. */
export const KEEP_MB = { min: 0, max: 1_024_000, default: 2048 } as const
/** Of the room that names and folders share in the list. */
export const NAME_SHARE = { min: 0.2, max: 0.85, default: 2 / 3 } as const
export const CACHE_LIMIT_MB = { min: 256, max: 102_400, default: 4096 } as const
export const WHEN_DONE = ['nothing', 'quit', 'sleep'] as const

/** The part of the settings that a preset sets: what decides memory and speed. */
export const ChunkSettings = z.strictObject({
  join: z.enum(JOINS),
  chunkSec: z.number().min(LIMITS.chunkSec.min).max(LIMITS.chunkSec.max),
  overlapSec: z.number().min(LIMITS.overlapSec.min).max(LIMITS.overlapSec.max),
  batch: z.number().int().min(LIMITS.batch.min).max(LIMITS.batch.max)
})
export type ChunkSettings = z.infer<typeof ChunkSettings>

/** A preset that the user named. */
export const UserPreset = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().trim().min(1).max(60),
  values: ChunkSettings
})
export type UserPreset = z.infer<typeof UserPreset>

/** All that the app remembers between starts, beside the queue. */
export const AppSettings = z.strictObject({
  version: z.literal(1),
  /** The form: what the next files are added with. */
  job: JobSettings,
  /** Which files of added folders are taken; patterns with semicolons between, empty takes all. See `fileFilter`. */
  includeFiles: z.string().max(2000),
  excludeFiles: z.string().max(2000),
  userPresets: z.array(UserPreset).max(50),
  theme: z.enum(THEMES),
  language: z.enum(LANGUAGES),
  whenDone: z.enum(WHEN_DONE),
  notify: z.boolean(),
  sound: z.boolean(),
  /** No sleep of the machine while a batch runs. */
  keepAwake: z.boolean(),
  showAdvanced: z.boolean(),
  /** The part of the window under the list, and what it shows. */
  dock: z.enum(DOCKS),
  /** As it was left; a smaller window shows less. */
  dockHeightPx: z.number().int().min(DOCK_HEIGHT_PX.min).max(DOCK_HEIGHT_PX.max),
  /** How much of their room in the list names have, beside folders. */
  nameShare: z.number().min(NAME_SHARE.min).max(NAME_SHARE.max),
  /** The player: its volume, linear, and whether its signals are brought to one loudness. */
  volume: z.number().min(0).max(1),
  matchLoudness: z.boolean(),
  /** What waveforms, decoded audio and previews may take on the disk, in MB. */
  cacheLimitMb: z.number().int().min(CACHE_LIMIT_MB.min).max(CACHE_LIMIT_MB.max),
  /** What may be kept of cleaned sound on the disk, in MB, so that another strength needs no second run of the model. */
  keepMb: z.number().int().min(KEEP_MB.min).max(KEEP_MB.max),
  /** Where model files are downloaded from first, by the mirror's name in the catalogue; null takes each model's own first. */
  modelMirror: z.string().max(200).nullable(),
  /** The welcome was answered: nothing is asked twice. */
  welcomed: z.boolean(),
  /** An ffmpeg of the user's choice; null looks in the app's resources, then in PATH. */
  ffmpegPath: z.string().max(4096).nullable(),
  /** What comes into this folder goes into the queue by itself, and is begun; null for none. */
  watchedFolder: z.string().max(4096).nullable(),
  /** The user agreed: once a day the release's feed is asked for its newest version. */
  askForUpdates: z.boolean()
})
export type AppSettings = z.infer<typeof AppSettings>

/** A change of some of them; `job` and `output` change field by field. */
export const SettingsPatch = AppSettings.omit({ version: true, job: true })
  .partial()
  .extend({
    job: JobSettings.omit({ output: true })
      .partial()
      .extend({ output: JobSettings.shape.output.partial().optional() })
      .optional()
  })
export type SettingsPatch = z.infer<typeof SettingsPatch>

export const DEFAULT_APP_SETTINGS: AppSettings = {
  version: 1,
  job: DEFAULT_JOB_SETTINGS,
  includeFiles: '',
  excludeFiles: '',
  userPresets: [],
  theme: 'system',
  language: 'system',
  whenDone: 'nothing',
  notify: true,
  sound: false,
  keepAwake: true,
  showAdvanced: false,
  dock: 'closed',
  dockHeightPx: DOCK_HEIGHT_PX.default,
  nameShare: NAME_SHARE.default,
  volume: 1,
  matchLoudness: true,
  cacheLimitMb: CACHE_LIMIT_MB.default,
  keepMb: KEEP_MB.default,
  modelMirror: null,
  welcomed: false,
  ffmpegPath: null,
  watchedFolder: null,
  askForUpdates: false
}

/** Which files of added folders are wanted. Pure. */
export function patternsOf({ includeFiles, excludeFiles }: AppSettings): FilePatterns {
  return { include: splitPatterns(includeFiles), exclude: splitPatterns(excludeFiles) }
}

/** The settings after a change; pure. Fields that the patch does not name stay. */
export function patchSettings(settings: AppSettings, patch: SettingsPatch): AppSettings {
  const { job, ...rest } = patch
  const { output, ...jobRest } = job ?? {}
  const merged = {
    ...settings,
    ...rest,
    job: { ...settings.job, ...jobRest, output: { ...settings.job.output, ...output } }
  }
  return AppSettings.parse(merged)
}
