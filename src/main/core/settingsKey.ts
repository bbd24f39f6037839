import { createHash } from 'node:crypto'
import type { JobSettings } from '../../shared/settings/jobSettings'

/** The same for the same settings, so that jobs share them. */
export function settingsKeyOf(settings: JobSettings): string {
  const { output, ...rest } = settings
  const sorted = [...Object.entries(rest), ...Object.entries(output).map(([key, value]) => [`output.${key}`, value])]
  const text = JSON.stringify(sorted.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
