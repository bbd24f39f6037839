import { open } from 'node:fs/promises'
import { readSafetensors } from '../safetensors'
import type { StateDict } from '../stateDict'
import { readExactly, unsafe, unsupported, type ModelBytes } from './bytes'
import { isTorchLegacy, readTorchLegacy } from './torchLegacy'
import { readTorchZip } from './torchZip'
import { isZip } from './zipFile'

/**
 * Reads FRCRN weights from whatever a training script has left: PyTorch's archive, its format before 1.6, or safetensors; told by
 * content, never by name. The file is data: nothing in it runs, and nothing is allocated beyond what it really holds. Throws
 * E_MODEL_DAMAGED, E_MODEL_UNSAFE (it asks for more than tensors), E_MODEL_UNSUPPORTED, and errors of the file system.
 */
export async function readCheckpoint(path: string): Promise<StateDict> {
  const handle = await open(path, 'r')
  try {
    const file: ModelBytes = { path, handle, size: (await handle.stat()).size }
    const head = await readExactly(file, 0, Math.min(file.size, 32))
    if (isZip(head)) return await readTorchZip(file)
    if (isTorchLegacy(head)) return await readTorchLegacy(file)
    refuseOthers(head, path)
  } finally {
    await handle.close()
  }
  return readSafetensors(path)
}

/** What looks like something else is named, instead of being called a broken safetensors file. */
function refuseOthers(head: Buffer, path: string): void {
  if (head[0] === 0x80 && (head[1] ?? 99) <= 5) throw unsafe(path, 'it is a bare pickle, not a checkpoint of PyTorch')
  if (head[0] === 0x08 && head.includes('pytorch')) throw unsupported(path, 'it is an ONNX model already')
  if (head.toString('latin1', 1, 4) === 'HDF') throw unsupported(path, 'it is an HDF5 file of another framework')
  // Safetensors begin with eight bytes of length and the brace of a JSON object.
  if (head.length >= 9 && head[8] !== 0x7b)
    throw unsupported(path, 'it is no PyTorch checkpoint and no safetensors file')
}
