import { patchSettings, type AppSettings, type SettingsPatch } from '../../../shared/settings/appSettings'

/** Changes on their way to main, over what main last said: the window shows both at once and takes back what is refused. */
export interface Overlay {
  readonly confirmed: AppSettings
  /** Sent, not answered yet. */
  readonly sent: SettingsPatch | null
  /** Not sent yet: a person is still typing or sliding. */
  readonly waiting: SettingsPatch | null
}

/** What the window shows. */
export function shownSettings({ confirmed, sent, waiting }: Overlay): AppSettings {
  const withSent = sent ? patchSettings(confirmed, sent) : confirmed
  return waiting ? patchSettings(withSent, waiting) : withSent
}

/** One patch that does what `first` and then `second` do. */
export function joinPatches(first: SettingsPatch | null, second: SettingsPatch): SettingsPatch {
  if (!first) return second
  const { job: firstJob, ...firstRest } = first
  const { job: secondJob, ...secondRest } = second
  const rest = { ...firstRest, ...secondRest }
  if (!firstJob && !secondJob) return rest
  const output = { ...firstJob?.output, ...secondJob?.output }
  const job = { ...firstJob, ...secondJob }
  return { ...rest, job: Object.keys(output).length > 0 ? { ...job, output } : job }
}
