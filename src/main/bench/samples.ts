import { access, readdir } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors/appError'
import type { MeasureSource } from './measure'

/** The bundled samples with their clean tracks, one after the other. Throws `E_IO` where one of them is missing. */
export async function bundledSource(samplesFolder: string, cleanFolder: string): Promise<MeasureSource> {
  const names = (await readdir(samplesFolder)).filter((name) => name.endsWith('.wav')).sort()
  if (names.length === 0) throw new AppError('E_IO', { path: samplesFolder, detail: `no samples in ${samplesFolder}` })
  const sources = names.map((name) => ({
    noisyPath: path.join(samplesFolder, name),
    cleanPath: path.join(cleanFolder, name)
  }))
  for (const { cleanPath } of sources) await access(cleanPath)
  return { name: names.join(' + '), sources }
}

/** A recording of the user's: nobody knows what is clean in it. */
export function ownSource(filePath: string): MeasureSource {
  return { name: path.basename(filePath), sources: [{ noisyPath: filePath, cleanPath: null }] }
}
