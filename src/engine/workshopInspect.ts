import { open, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../shared/errors/appError'
import { statefulPathOf } from './model/convert'
import { checkForeignModel } from './model/foreignModel'
import type { ModelMetadata } from './model/metadata'
import { readGraphSignature, readModelMetadata } from './model/readModel'
import { loadModel } from './onnx/loadModel'
import { readWeights, weightBytes } from './workshopConvert'
import type { Inspection } from './workshopProtocol'

/**
 * What a model file is, by its content. ONNX files are opened once, as the engine will open them. Throws E_MODEL_DAMAGED,
 * E_MODEL_UNSAFE, E_MODEL_UNSUPPORTED, E_MEMORY, and errors of the file system.
 */
export async function inspectModel(path: string): Promise<Inspection> {
  if (!(await looksLikeOnnx(path))) {
    const weights = await readWeights(path)
    const { channels, cascade } = weights
    return { kind: 'checkpoint', channels, cascade, weightBytes: weightBytes(weights) }
  }
  const metadata = await readModelMetadata(path)
  if (metadata !== null) return inspectOwn(path, metadata)
  // Before all of it is read.
  await checkForeignModel(path)
  const { precision } = await openOnce(path)
  return { kind: 'foreign', precision }
}

/** An ONNX file begins with the version of its format; so may the length of a safetensors header, which a brace follows. */
async function looksLikeOnnx(path: string): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(9), 0, 9, 0)
    const isSafetensors = bytesRead === 9 && buffer[8] === 0x7b && buffer.readUInt32LE(4) === 0
    return bytesRead > 0 && buffer[0] === 0x08 && !isSafetensors
  } finally {
    await file.close()
  }
}

async function inspectOwn(path: string, { kind, channels, cascade, precision }: ModelMetadata): Promise<Inspection> {
  if (kind === 'stateful') {
    throw unsupported(path, 'it is the stateful half of a model: take the file of the same name without .stateful')
  }
  const dataNames = new Set(await openOwn(path))
  const statefulPath = statefulPathOf(path)
  const hasStateful = await isThere(statefulPath)
  if (hasStateful) {
    const half = await readModelMetadata(statefulPath)
    const isSame = half?.kind === 'stateful' && half.channels === channels && half.cascade === cascade
    if (!isSame || half.precision !== precision) {
      throw unsupported(statefulPath, `it is not the stateful half of ${basename(path)}`)
    }
    for (const name of await openOwn(statefulPath)) dataNames.add(name)
  }
  const statefulName = hasStateful ? basename(statefulPath) : null
  return { kind: 'own', channels, cascade, precision, statefulName, dataNames: [...dataNames] }
}

/** Opens one graph of ours; the names of its data files. What calls itself ours may still be made by somebody else. */
async function openOwn(path: string): Promise<readonly string[]> {
  const { customDomains, externalData } = await readGraphSignature(path)
  const domain = customDomains.find((name) => name !== '' && name !== 'ai.onnx')
  if (domain !== undefined) {
    throw new AppError('E_MODEL_UNSAFE', { path, detail: `it uses operators of ${domain.slice(0, 60)}` })
  }
  for (const name of externalData) {
    // A name with a folder in it is refused by the loader.
    if (basename(name) === name && !(await isThere(join(dirname(path), name)))) {
      throw new AppError('E_MODEL_MISSING', {
        path,
        detail: `${name}, which belongs to ${basename(path)}, is not beside it`
      })
    }
  }
  await openOnce(path)
  return externalData
}

async function openOnce(path: string): Promise<{ readonly precision: 'fp32' | 'fp16' }> {
  const { session, precision } = await loadModel({ path, sha256: null }, { device: 'cpu', threads: 1 })
  await session.release()
  return { precision }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false
  )
}

function unsupported(path: string, detail: string): AppError {
  return new AppError('E_MODEL_UNSUPPORTED', { path, detail })
}
