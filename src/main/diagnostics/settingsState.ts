import type { SettingsState } from '../../shared/ipc/diagnosticsViews'
import type { AppSettings } from '../../shared/settings/appSettings'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'

/** Settings as they may be sent; `known` are the ids of models that everybody has. Pure. */
export function settingsState(settings: AppSettings, known: readonly string[]): SettingsState {
  const { job, userPresets, ffmpegPath, modelMirror, watchedFolder, includeFiles, excludeFiles, ...rest } = settings
  const { output, modelId, ...jobRest } = job
  const { folder, subfolder, pattern, ...outputRest } = output
  const usual = DEFAULT_JOB_SETTINGS.output
  return {
    ...rest,
    userPresets: userPresets.length,
    ffmpegPath: ffmpegPath === null ? null : 'set',
    modelMirror: modelMirror === null ? null : 'set',
    watchedFolder: watchedFolder === null ? null : 'set',
    includeFiles: includeFiles === '' ? null : 'set',
    excludeFiles: excludeFiles === '' ? null : 'set',
    job: {
      ...jobRest,
      modelId: known.includes(modelId) ? modelId : 'own',
      output: {
        ...outputRest,
        folder: folder === null ? null : 'set',
        subfolder: subfolder === usual.subfolder ? 'default' : 'own',
        pattern: pattern === usual.pattern ? 'default' : 'own'
      }
    }
  }
}
