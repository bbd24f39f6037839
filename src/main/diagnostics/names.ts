import path from 'node:path'
import type { QueueState } from '../../shared/jobs/queue'

/** Every name and path of the user's in a list of files, whole and in its parts. Pure. */
export function namesIn({ jobs }: QueueState): readonly string[] {
  const names = new Set<string>()
  for (const { inputPath, outputPath, root } of jobs) {
    for (const full of [inputPath, outputPath, root]) {
      if (full === null) continue
      names.add(full)
      names.add(path.basename(full))
      names.add(path.parse(full).name)
    }
  }
  return [...names]
}
