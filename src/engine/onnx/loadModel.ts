import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../../shared/errors/appError'
import { outOfMemoryCode } from '../../shared/errors/outOfMemory'
import { checkForeignModel } from '../model/foreignModel'
import { readGraphSignature, readModelMetadata, readWideNodes } from '../model/readModel'
import type { Device } from '../../shared/settings/choices'
import { openSession } from './runtime'
import type { CountedSession, SessionOptions } from './runtime'

export interface ModelFile {
  readonly path: string
  /** Lower-case hex, where it is known: another file is E_MODEL_DAMAGED. */
  readonly sha256: string | null
}

/** A model that is open, and what its files are. */
export interface LoadedModel {
  readonly session: CountedSession
  readonly fileName: string
  /** Of the model with its data files. */
  readonly sizeBytes: number
  /** Of the very bytes of the ONNX file that were loaded; data files beside it are mapped by ONNX Runtime and not hashed. */
  readonly sha256: string
  /** A hash was asked for and is this one, and it covers all that was loaded. */
  readonly isVerified: boolean
  readonly precision: 'fp32' | 'fp16'
}

/** Storage buffers that every WebGPU device has for one shader; SwiftShader has 12, and the state of a stateful graph falls into 13. */
const MAX_SHADER_TENSORS = 8

/** The device that a choice stands for. Main decides `auto` by what it measured; what is still undecided here runs on the CPU. */
export function resolveDevice(choice: Device): SessionOptions['device'] {
  return choice === 'auto' ? 'cpu' : choice
}

/**
 * Opens a model on one device, and only there: another one is never taken in silence. A self-contained model is loaded from the very
 * bytes that were hashed; one with data files beside it by its path, as ONNX Runtime maps those. Throws E_MODEL_MISSING,
 * E_MODEL_DAMAGED, E_MODEL_UNSAFE, E_MODEL_UNSUPPORTED, E_DEVICE_UNAVAILABLE, E_MEMORY, E_GPU_OOM.
 */
export async function loadModel(file: ModelFile, options: SessionOptions): Promise<LoadedModel> {
  const before = await changeMarkOf(file.path)
  const bytes = await readModel(file.path)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (file.sha256 !== null && file.sha256.toLowerCase() !== sha256) {
    throw new AppError('E_MODEL_DAMAGED', { path: file.path, detail: `SHA-256 is ${sha256}` })
  }
  const metadata = await readModelMetadata(file.path)
  if (metadata === null) await checkForeignModel(file.path)
  const { externalData, ...signature } = await readGraphSignature(file.path)
  // The STFT of a small model of ours in FP16 is most of its bytes, and FP32.
  const precision = metadata?.precision ?? signature.precision
  for (const name of externalData) refuseOutside(name, file.path)
  // What was looked through must be what was read: a file that is swapped meanwhile is neither (RELIABILITY S42).
  if ((await changeMarkOf(file.path)) !== before) {
    throw new AppError('E_MODEL_DAMAGED', { path: file.path, detail: 'it was changed while it was read' })
  }
  const fileName = basename(file.path)
  const sizeBytes = bytes.byteLength + (await sizeOfAll(externalData, dirname(file.path)))
  const isVerified = file.sha256 !== null && externalData.length === 0
  const session = await openOnDevice(file.path, options, externalData.length === 0 ? bytes : undefined)
  return { session, fileName, sizeBytes, sha256, isVerified, precision }
}

/** A session of a model file, or of its bytes, as the device needs it. Throws E_MODEL_*, E_DEVICE_UNAVAILABLE, E_MEMORY, E_GPU_OOM. */
export async function openOnDevice(path: string, options: SessionOptions, bytes?: Uint8Array): Promise<CountedSession> {
  try {
    const hostNodes = options.device === 'webgpu' ? await readWideNodes(path, MAX_SHADER_TENSORS) : []
    return await openSession(bytes ?? path, { ...options, hostNodes })
  } catch (thrown) {
    throw loadError(thrown, path, options.device)
  }
}

/** Another one after any write or replacement; a file that is not there is told of when it is read. */
async function changeMarkOf(path: string): Promise<string> {
  const facts = await stat(path, { bigint: true }).catch(() => null)
  return facts === null ? '' : [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join()
}

/** What is not there is told by ONNX Runtime when it looks for it. */
async function sizeOfAll(names: readonly string[], folder: string): Promise<number> {
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0
      )
    )
  )
  return sizes.reduce((sum, size) => sum + size, 0)
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
  const memoryCode = outOfMemoryCode(detail)
  if (memoryCode !== null) return new AppError(memoryCode, { path, detail }, thrown)
  if (device !== 'cpu') return new AppError('E_DEVICE_UNAVAILABLE', { device, detail }, thrown)
  if (/protobuf|INVALID_PROTOBUF|deserialize|external data|out of bounds/i.test(detail)) {
    return new AppError('E_MODEL_DAMAGED', { path, detail }, thrown)
  }
  return new AppError('E_MODEL_UNSUPPORTED', { path, detail }, thrown)
}
