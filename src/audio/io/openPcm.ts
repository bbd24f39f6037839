import { parseAiff } from './aiffHeader'
import { readAt } from './fileBytes'
import type { OpenFile } from './fileBytes'
import type { ForeignPayload, PcmLayout } from './pcmLayout'
import { parseRiff } from './riffHeader'
import { parseW64, W64_GUIDS } from './w64Header'

/**
 * Reads the header of a container that we read ourselves. Null: not one of them (decided by content, never by name).
 * {@link ForeignPayload}: one of them, but what it holds is not PCM.
 */
export async function parsePcmHeader(file: OpenFile): Promise<PcmLayout | ForeignPayload | null> {
  const head = await readAt(file, 0, 40)
  const magic = head.toString('latin1', 0, 4)
  const form = head.toString('latin1', 8, 12)
  if (['RIFF', 'RIFX', 'RF64', 'BW64'].includes(magic) && form === 'WAVE') return parseRiff(file)
  if (magic === 'FORM' && (form === 'AIFF' || form === 'AIFC')) return parseAiff(file)
  const isW64 = head.toString('hex', 0, 16) === W64_GUIDS.riff && head.toString('hex', 24, 40) === W64_GUIDS.wave
  return isW64 ? parseW64(file) : null
}
