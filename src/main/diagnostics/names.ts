import path from 'node:path'
import type { QueueState } from '../../shared/jobs/queue'

/** Names of the files in a list, without their endings, and of the folders that were added; whole paths are known by their look. Pure. */
export function namesIn({ jobs }: QueueState): readonly string[] {
  const names = new Set<string>()
  for (const { inputPath, root } of jobs) names.add(path.parse(inputPath).name).add(path.basename(root))
  return [...names]
}
