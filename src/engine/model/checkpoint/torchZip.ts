import type { StateDict } from '../stateDict'
import { damaged, unsupported, type ModelBytes } from './bytes'
import { readPickle } from './pickle'
import { findNetwork, readTensors } from './torchFile'
import { TORCH_GLOBALS } from './torchTensors'
import { readZipDirectory, readZipEntry, type ZipEntry } from './zipFile'

/** `torch.save` since PyTorch 1.6: an archive with `PREFIX/data.pkl` and one entry `PREFIX/data/KEY` a storage. */

/** The official checkpoint's pickle takes 0.3 MB. */
const MAX_PICKLE_BYTES = 16 * 1024 * 1024
const PICKLE = /^([^/]+)\/data\.pkl$/u

/** Reads the network's float tensors. Throws E_MODEL_DAMAGED, E_MODEL_UNSAFE, E_MODEL_UNSUPPORTED. */
export async function readTorchZip(file: ModelBytes): Promise<StateDict> {
  const entries = await readZipDirectory(file)
  const pickles = [...entries.keys()].filter((name) => PICKLE.test(name))
  if (pickles.length !== 1) throw unsupported(file.path, 'it is an archive, but not one of PyTorch')
  const prefix = PICKLE.exec(pickles[0]!)![1]!
  await refuseBigEndian(file, entries.get(`${prefix}/byteorder`))
  const described = entries.get(pickles[0]!)!
  if (described.bytes > MAX_PICKLE_BYTES) throw damaged(file.path, `its pickle has ${described.bytes} bytes`)
  const pickle = await readZipEntry(file, described)
  const { value } = readPickle(pickle, 0, { path: file.path, allowed: TORCH_GLOBALS })
  return readTensors(findNetwork(value, file.path), file, async (key, bytes) => {
    const entry = entries.get(`${prefix}/data/${key}`)
    if (entry === undefined) throw damaged(file.path, `storage ${key} is missing`)
    if (entry.bytes !== bytes) throw damaged(file.path, `storage ${key} has ${entry.bytes} bytes, not ${bytes}`)
    return readZipEntry(file, entry)
  })
}

async function refuseBigEndian(file: ModelBytes, entry: ZipEntry | undefined): Promise<void> {
  if (entry === undefined) return
  const order = (await readZipEntry(file, entry)).toString('latin1').trim()
  if (order !== 'little') throw unsupported(file.path, `its numbers are stored ${order.slice(0, 20)}-endian`)
}
