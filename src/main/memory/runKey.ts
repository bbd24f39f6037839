import { stat } from 'node:fs/promises'
import type { EngineSettings } from '../../engine/protocol'
import { hashFile } from '../models/hashFile'
import { keyOf } from '../models/selfCheck'

const hashes = new Map<string, string>()

/**
 * What decides memory and speed of a shape: the very file that runs (its hash tells the precision too), the device, the threads and
 * how chunks join. A file whose hash nobody wrote down is hashed once. Errors of the file system.
 */
export async function runKey(settings: EngineSettings): Promise<string> {
  const { model, device, threads } = settings
  const isCarried = settings.join === 'carried' && model.statefulPath !== null
  const file = isCarried ? model.statefulPath! : model.onePassPath
  const sha256 = (isCarried ? model.statefulSha256 : model.onePassSha256) ?? (await hashOnce(file))
  return [sha256, keyOf(device), threads ?? 'auto', isCarried ? 'carried' : 'overlap'].join(' ')
}

async function hashOnce(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file)
  const key = `${file} ${size} ${mtimeMs}`
  const known = hashes.get(key) ?? (await hashFile(file))
  hashes.set(key, known)
  return known
}
