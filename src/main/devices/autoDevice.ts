import type { EngineSettings } from '../../engine/protocol'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { DeviceChoice } from '../../shared/ipc/deviceViews'
import type { JobSettings } from '../../shared/settings/jobSettings'
import type { ModelLibrary } from '../models/library'
import type { DeviceService, TriedModel } from './deviceService'
import type { Devices } from './openDevices'

type Asked = Pick<JobSettings, 'modelId' | 'device' | 'join'>

/** The graph of a model that devices are tried with: in FP32. Errors as {@link ModelLibrary.resolve}. */
export async function triedModel(
  library: Pick<ModelLibrary, 'resolve'>,
  { modelId, join }: Pick<Asked, 'modelId' | 'join'>
): Promise<TriedModel> {
  const { files } = await library.resolve(modelId, { device: 'cpu', precision: 'fp32' })
  return { files, join }
}

/**
 * What stands for `auto`; null where a device was named. A model that cannot be read is left to who opens it, and decided as the CPU:
 * only the error of its own place is told.
 */
export async function decideDevice(
  service: Pick<DeviceService, 'choose'>,
  library: Pick<ModelLibrary, 'resolve'>,
  settings: Asked
): Promise<DeviceChoice | null> {
  if (settings.device !== 'auto') return null
  try {
    return await service.choose(await triedModel(library, settings))
  } catch (thrown) {
    const error = toAppError(thrown)
    if (!(thrown instanceof AppError) && error.code === 'E_INTERNAL') throw thrown
    return { device: 'cpu', reason: 'notTriable', from: null, error: error.toPayload() }
  }
}

/** `auto` decided by what was measured: who opens an engine names a device. */
export async function onDevice(
  parts: { readonly devices: Pick<Devices, 'service'>; readonly models: { readonly library: ModelLibrary } },
  settings: JobSettings
): Promise<{ readonly wanted: JobSettings; readonly deviceChoice: DeviceChoice | null }> {
  const deviceChoice = await decideDevice(parts.devices.service, parts.models.library, settings)
  return { wanted: deviceChoice === null ? settings : { ...settings, device: deviceChoice.device }, deviceChoice }
}

/**
 * An engine could not be opened: where its device was what `auto` stood for, that one is left out from now on, and the wish is to be
 * asked again. Null for a device that was named: that one is never replaced in silence.
 */
export function withoutFailed(
  service: Pick<DeviceService, 'markFailed'>,
  failure: {
    readonly engine: Pick<EngineSettings, 'device'>
    readonly error: AppError
    readonly choice: { readonly deviceChoice: DeviceChoice | null; readonly wish: JobSettings } | null
  }
): JobSettings | null {
  const { choice, error } = failure
  const { device } = failure.engine
  if (!choice?.deviceChoice || device === 'auto' || device === 'cpu') return null
  service.markFailed(device, error.toPayload())
  return choice.wish
}
