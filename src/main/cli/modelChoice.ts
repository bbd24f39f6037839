import { toAppError } from '../../shared/errors/appError'
import type { Device } from '../../shared/settings/choices'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { onDevice, withoutFailed } from '../devices/autoDevice'
import type { DeviceChoice } from '../../shared/ipc/deviceViews'
import type { ModelLibrary, ResolvedModel, ResolveOptions } from '../models/library'
import { autoText } from './deviceWords'
import { UsageError, type DenoiseArgs } from './args'
import { failureText } from './batchVoice'
import { checkText } from './checkWords'
import { Screen } from './screen'
import type { CliServices } from './cliServices'

export async function idOf(model: string | null, library: ModelLibrary): Promise<string> {
  return model ?? (await library.catalog()).default
}

/** Which model and which device a run of the command takes, with what that is told of. */
export class ModelChoice {
  /** What `auto` stands for; null where a device was named. */
  device: DeviceChoice | null = null

  constructor(
    private readonly args: DenoiseArgs,
    private readonly services: CliServices,
    private readonly screen: Screen,
    private readonly signal: AbortSignal
  ) {}

  /** A model that is not there is a wrong option, not a failed file. */
  async resolve(): Promise<ResolvedModel> {
    try {
      const { model, data, precision } = this.args
      const models = this.services.models(data)
      const device = await this.deviceFor(models)
      const resolved = await models.resolve(model, { precision, device })
      return resolved.precisionReason === 'notChecked' ? await this.checked({ precision, device }) : resolved
    } catch (thrown) {
      const head = this.args.model === null ? 'The default model:' : `--model ${this.args.model}:`
      throw new UsageError(failureText(head, toAppError(thrown).toPayload()))
    }
  }

  /** Who asks for FP16 gets it, or is told why not: what nobody compared on this device yet is compared now. */
  private async checked(options: ResolveOptions): Promise<ResolvedModel> {
    this.screen.line('FP16 of this model is compared with FP32 on this device first; this is done once.')
    const { model, data } = this.args
    const service = await this.services.modelService(data)
    const { newCheck, ...resolved } = await service.resolve(model, options, { signal: this.signal })
    if (newCheck) this.screen.line(checkText(newCheck))
    return resolved
  }

  /** What was asked for, or what `auto` stands for; where that fails at the engine's start, the next one is taken and told. */
  private async deviceFor(library: ModelLibrary): Promise<Device> {
    const { model, data, device, join } = this.args
    const devices = await this.services.devices(data)
    const modelId = await idOf(model, library)
    const wish = { ...DEFAULT_JOB_SETTINGS, modelId, device, join: join ?? DEFAULT_JOB_SETTINGS.join }
    const { wanted, deviceChoice } = await onDevice({ devices, models: { library } }, wish)
    this.device = deviceChoice
    this.services.host.standIn = async (engine, error) => {
      const choice = this.device && { deviceChoice: this.device, wish }
      if (withoutFailed(devices.service, { engine, error, choice }) === null) return null
      const next = await onDevice({ devices, models: { library } }, wish)
      this.device = next.deviceChoice
      if (next.deviceChoice) this.screen.error(autoText(next.deviceChoice))
      const { files, fullFiles } = await library.resolve(model, { ...this.args, device: next.wanted.device })
      return { ...engine, model: files, fullModel: fullFiles, device: next.wanted.device }
    }
    return wanted.device
  }
}
