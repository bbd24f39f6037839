import type { BatchProgress } from '../../shared/ipc/views'
import type { QueueState } from '../../shared/jobs/queue'
import type { AppSettings, SettingsPatch } from '../../shared/settings/appSettings'
import type { CoreHandlers } from '../ipc/handlers'

/** What the shell uses of the app's core, which knows nothing of Electron. */
export interface Core {
  readonly handlers: CoreHandlers
  readonly settings: AppSettings
  readonly queueState: QueueState
  readonly batch: BatchProgress | null
  addPaths(paths: readonly string[]): Promise<{ readonly scanId: string }>
  pathOf(jobId: string, which: 'source' | 'result'): Promise<string>
  reportOf(jobId: string): string
  patchSettings(patch: SettingsPatch): Promise<AppSettings>
  close(): Promise<void>
}
