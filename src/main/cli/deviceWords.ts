import { providerOf, type DeviceReason } from '../../shared/devices/providers'
import type { DeviceChoice, DeviceView } from '../../shared/ipc/deviceViews'
import { printable } from './words'

/** What the command says of devices. */

const REASONS: Readonly<Record<DeviceReason, string>> = {
  notOnThisSystem: 'not on this system',
  noCudaSupport: 'CUDA support is not installed (npm run device -- get cuda)',
  missingLibrary: 'a library is missing',
  noVulkanLoader: 'no Vulkan loader',
  noAdapter: 'no graphics card that can be used',
  noDriver: 'no driver of the card',
  wrongResult: 'another result than the CPU',
  notFinite: 'gives values that are no numbers',
  outOfMemory: 'out of memory',
  crashed: 'its process died',
  timedOut: 'no answer in time',
  failed: 'failed'
}

/** Why `auto` stands for its device, in a sentence. */
export function autoText({ device, reason, from, error }: DeviceChoice): string {
  const name = providerOf(device).name
  switch (reason) {
    case 'fastest':
      return `Device: ${name}, the fastest that is right here.`
    case 'cpuIsBest':
      return 'Device: CPU; no other one was right and faster here.'
    case 'notTriable':
      return 'Device: CPU; other devices cannot be tried with this model.'
    case 'notMeasured':
      return 'Device: CPU; no other one was tried with this model (npm run device -- probe).'
    case 'fellBack': {
      const why = error?.data.detail === undefined ? '' : `: ${printable(String(error.data.detail))}`
      return `Device: ${name}, because ${from === null ? 'the better one' : providerOf(from).name} failed${why}`
    }
  }
}

/** One line of `npm run device -- list`. */
export function deviceLine(view: DeviceView): string {
  const { name, adapter, state, speed, matchDb, rssBytes, vramBytes, isChosen } = view
  const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
  const facts = [
    state === 'untested' ? 'not tried' : state,
    ...(view.reason === null
      ? []
      : [REASONS[view.reason] + (view.detail === null ? '' : ` (${printable(view.detail)})`)]),
    ...(speed === null ? [] : [`${speed.toFixed(speed < 1 ? 3 : 1)}x real time`]),
    ...(matchDb === null ? [] : [`${matchDb.toFixed(1)} dB against the CPU`]),
    ...(rssBytes === null ? [] : [mb(rssBytes)]),
    ...(vramBytes === null ? [] : [`${mb(vramBytes)} on the card`])
  ]
  return `${isChosen ? '*' : ' '} ${(adapter === null ? name : `${name}, ${printable(adapter)}`).padEnd(10)} ${facts.join(', ')}`
}
