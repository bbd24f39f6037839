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
  const { model, device, threads } = settings
  const isCarried = settings.join === 'carried' && model.statefulPath !== null
  const file = isCarried ? model.statefulPath! : model.onePassPath
  const sha256 = (isCarried ? model.statefulSha256 : model.onePassSha256) ?? (await hashOnce(file))
  const key = [sha256, keyOf(device), threads ?? 'auto', isCarried ? 'carried' : 'overlap'].join(' ')
  const cards = keyOf(device) === 'cpu' ? '' : graphics()
  return cards === '' ? key : `${key} [${cards}]`
}

async function hashOnce(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file)
  const key = `${file} ${size} ${mtimeMs}`
  const known = hashes.get(key) ?? (await hashFile(file))
  hashes.set(key, known)
  return known
}
