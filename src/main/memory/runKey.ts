import { stat } from 'node:fs/promises'
import type { EngineSettings } from '../../engine/protocol'
import { graphicsId } from '../devices/graphicsId'
import { hashFile } from '../models/hashFile'
import { keyOf } from '../models/selfCheck'

const hashes = new Map<string, string>()

/**
 * What decides memory and speed of a shape: the very file that runs (its hash tells the precision too), the device with its card and
 * driver, the threads and how chunks join. A file whose hash nobody wrote down is hashed once. Errors of the file system.
 */
export async function runKey(settings: EngineSettings, graphics: () => string = graphicsId): Promise<string> {
  const { device, threads } = settings
  const way = isCarried(settings) ? 'carried' : 'overlap'
  const key = [await graphHash(settings), keyOf(device), threads ?? 'auto', way].join(' ')
  const cards = keyOf(device) === 'cpu' ? '' : graphics()
  return cards === '' ? key : `${key} [${cards}]`
}

/** SHA-256 of the model file that runs with this join. Errors of the file system. */
export async function graphHash(settings: Pick<EngineSettings, 'model' | 'join'>): Promise<string> {
  const { statefulPath, onePassPath, statefulSha256, onePassSha256 } = settings.model
  return isCarried(settings) ? (statefulSha256 ?? hashOnce(statefulPath!)) : (onePassSha256 ?? hashOnce(onePassPath))
}

function isCarried({ model, join }: Pick<EngineSettings, 'model' | 'join'>): boolean {
  return join === 'carried' && model.statefulPath !== null
}

async function hashOnce(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file)
  const key = `${file} ${size} ${mtimeMs}`
  const known = hashes.get(key) ?? (await hashFile(file))
  hashes.set(key, known)
  return known
}
