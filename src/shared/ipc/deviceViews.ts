import type { ConcreteDevice, DeviceReason } from '../devices/providers'
import type { ErrorPayload } from '../errors/appError'

/** What the window shows of devices. Bytes and seconds throughout; moments are ISO 8601. */

/** `right`: a real inference came to what the CPU comes to. `unavailable`: it could not be run, `wrong`: it came to something else. */
export type DeviceState = 'untested' | 'right' | 'wrong' | 'unavailable'

/** One way of running the model of the settings. */
export interface DeviceView {
  readonly device: ConcreteDevice
  /** Of the provider: CUDA, WebGPU, CPU. */
  readonly name: string
  /** The card's name, where somebody tells it. */
  readonly adapter: string | null
  readonly state: DeviceState
  /** Why it is not `right`; null for `right`, and for `untested` where nothing speaks against it. */
  readonly reason: DeviceReason | null
  /** The words behind the reason (a library's name, ONNX Runtime's own); for the tooltip. */
  readonly detail: string | null
  /** Seconds of audio a second; null where it was not measured. */
  readonly speed: number | null
  /** Against the CPU, in dB; 200 is the same to the last bit. Null for the CPU itself. */
  readonly matchDb: number | null
  /** The most that its process took, and of the card's memory where somebody tells it. */
  readonly rssBytes: number | null
  readonly vramBytes: number | null
  readonly testedAt: string | null
  /** What a run with the form's settings takes. */
  readonly isChosen: boolean
}

/** Why `auto` stands for its device. */
export type AutoReason =
  /** Measured, right, and the fastest. */
  | 'fastest'
  /** The CPU, until another one was tried. */
  | 'notMeasured'
  /** The CPU: no other device came to the right result, or none was faster. */
  | 'cpuIsBest'
  /** A better one failed when the engine was to be opened on it; the next was taken. */
  | 'fellBack'
  /** The model cannot be tried (it is none of ours): the CPU. */
  | 'notTriable'

/** What `auto` stands for now. */
export interface DeviceChoice {
  readonly device: ConcreteDevice
  readonly reason: AutoReason
  /** With `fellBack`: what failed, and how. */
  readonly from: ConcreteDevice | null
  readonly error: ErrorPayload | null
}

/** CUDA's provider libraries: `notOffered` where this system has none, or no hash of theirs is known. */
export interface CudaSupportView {
  readonly state: 'notOffered' | 'absent' | 'installed'
  /** Bytes that would be downloaded; null where nobody knows before it begins. */
  readonly bytes: number | null
  readonly licence: string
}

/** What is being done: one thing at a time. */
export interface DeviceTaskView {
  readonly kind: 'probe' | 'getCuda'
  readonly phase: 'probe' | 'download' | 'unpack'
  /** The device being tried, or the file that is fetched. */
  readonly subject: string
  readonly fraction: number | null
}

export interface DevicesView {
  /** The model that speeds are told for: the form's. */
  readonly modelId: string
  readonly devices: readonly DeviceView[]
  /** What `auto` stands for with it; null where the model cannot be resolved. */
  readonly auto: DeviceChoice | null
  readonly cuda: CudaSupportView
  readonly task: DeviceTaskView | null
  /** How the last task ended, until the next begins; null where it ended well. */
  readonly lastError: ErrorPayload | null
}
