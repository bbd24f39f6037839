import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AppError } from '../../shared/errors/appError'
import { readGraphSignature } from '../model/readModel'
import type { Device } from '../../shared/settings/choices'
import { openSession } from './runtime'
import type { ModelSession, SessionOptions } from './runtime'

export interface ModelFile {
  readonly path: string
  /** Lower-case hex, where it is known: another file is E_MODEL_DAMAGED. */
  readonly sha256: string | null
}

/** The device that a choice stands for: `auto` is the CPU until other devices have been measured to be better. */
export function resolveDevice(choice: Device): SessionOptions['device'] {
  return choice === 'auto' ? 'cpu' : choice
}

/**
 * Opens a model on one device, and only there: another one is never taken in silence. A self-contained model is loaded from the very
 * bytes that were hashed; one with data files beside it by its path, as ONNX Runtime maps those. Throws E_MODEL_MISSING,
 * E_MODEL_DAMAGED, E_MODEL_UNSAFE, E_MODEL_UNSUPPORTED, E_DEVICE_UNAVAILABLE, E_MEMORY.
 */
export async function loadModel(file: ModelFile, options: SessionOptions): Promise<ModelSession> {
  const bytes = await readModel(file.path)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (file.sha256 !== null && file.sha256.toLowerCase() !== sha256) {
    throw new AppError('E_MODEL_DAMAGED', { path: file.path, detail: `SHA-256 is ${sha256}` })
  }
  const { externalData } = await readGraphSignature(file.path)
  for (const name of externalData) refuseOutside(name, file.path)
  try {
    return await openSession(externalData.length === 0 ? bytes : file.path, options)
  } catch (thrown) {
    throw loadError(thrown, file.path, options.device)
  }
}

/** Constants may lie in files beside the model, nowhere else. */
function refuseOutside(name: string, path: string): void {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\\:\0]/.test(name)) return
  throw new AppError('E_MODEL_UNSAFE', { path, detail: `its data lie in "${name}", outside its folder` })
}

async function readModel(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (thrown) {
    throw new AppError(
      'E_MODEL_MISSING',
      { path, detail: thrown instanceof Error ? thrown.message : String(thrown) },
      thrown
    )
  }
}

/** ONNX Runtime has words only; on a device that is not the CPU whatever goes wrong is a reason to choose another. */
function loadError(thrown: unknown, path: string, device: string): AppError {
  const detail = thrown instanceof Error ? thrown.message : String(thrown)
  if (/bad.?alloc|failed to allocate/i.test(detail)) return new AppError('E_MEMORY', { path, detail }, thrown)
  if (device !== 'cpu') return new AppError('E_DEVICE_UNAVAILABLE', { device, detail }, thrown)
  if (/protobuf|INVALID_PROTOBUF|deserialize|external data|out of bounds/i.test(detail)) {
    return new AppError('E_MODEL_DAMAGED', { path, detail }, thrown)
  }
  return new AppError('E_MODEL_UNSUPPORTED', { path, detail }, thrown)
}
