import { readFile } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import { ShippedParts, type ShippedPart } from '../../shared/ipc/licenceViews'

/** What the build found of licences. Throws `E_INSTALLATION` where the file is missing or is not one. */
export async function readLicences(licencesPath: string): Promise<readonly ShippedPart[]> {
  try {
    return ShippedParts.parse(JSON.parse(await readFile(licencesPath, 'utf8')))
  } catch (error) {
    throw new AppError('E_INSTALLATION', { path: licencesPath, detail: `${licencesPath} cannot be read` }, error)
  }
}
