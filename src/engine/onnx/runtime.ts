import { InferenceSession, Tensor as OrtTensor, listSupportedBackends } from 'onnxruntime-node'
import type { Device } from '../../shared/settings/choices'
import { discard } from './discard'
import { providerSession } from './providers'
import { TensorLedger, type TensorCounts } from './tensorLedger'
import { countThreads, fixedThreads } from './threads'

/** The only file that imports onnxruntime-node: sessions, tensors and execution providers for the rest of the engine. */

// Since 1.30 the library tells its maker of every session on Linux and macOS, under a number that it keeps in the user's cache. It asks
// for this when it is first used, later than its import.
process.env.ORT_DISABLE_TELEMETRY = '1'

/** A tensor in host memory; `data` in C order. */
export interface Tensor {
  readonly type: 'float32' | 'int64'
  readonly dims: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

export type Tensors = Readonly<Record<string, Tensor>>

export interface SessionOptions {
  readonly device: Exclude<Device, 'auto'>
  /** Threads of one operator; null leaves it to ONNX Runtime (one a physical core). */
  readonly threads: number | null
  /** Names of nodes that the device cannot run: they are left to the CPU, on WebGPU. */
  readonly hostNodes?: readonly string[]
  /** Planned memory: off keeps the peak low (DESIGN section 6: 1,181 against 741 MB, same speed); on is the library's default. */
  readonly memoryPattern?: boolean
  /** Idle threads that spin: the library's default. Off, the full-size network took 0.98 instead of 1.35 CPU-seconds a second. */
  readonly spinning?: boolean
  /** The account of tensors to go on with, where this session takes another's place. */
  readonly ledger?: TensorLedger
}

/** A loaded model. `run` blocks its thread while it works (DESIGN section 2): run it in a process of its own. */
export interface ModelSession {
  /** Threads that one run uses, the caller's own included. */
  readonly threads: number
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Declared shapes by input; a string names a free axis. */
  readonly inputShapes: Readonly<Record<string, readonly (number | string)[]>>
  /** Runs the graph. An output named in `into` is written in place; the others are new tensors. */
  run(inputs: Tensors, into?: Tensors): Promise<Record<string, Tensor>>
  /** For its account: an array lives on between runs, until it is let go. Absent where nobody keeps one. */
  keep?(array: Float32Array): void
  letGo?(array: Float32Array): void
  release(): Promise<void>
}

/** A session of ONNX Runtime, which keeps count of its tensors. */
export interface CountedSession extends ModelSession {
  readonly tensors: TensorCounts
}

/** Execution providers inside the installed package, by name. */
export function bundledDevices(): readonly string[] {
  return listSupportedBackends().map((backend) => backend.name)
}

/** Opens a model from a file (external data is resolved beside it) or from bytes already in memory. Throws what ONNX Runtime throws. */
export async function openSession(source: string | Uint8Array, options: SessionOptions): Promise<CountedSession> {
  const asked = options.threads ?? fixedThreads()
  const { provider, graphOptimizationLevel } = providerSession(options.device, options.hostNodes)
  const ortOptions: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    graphOptimizationLevel,
    enableCpuMemArena: true,
    enableMemPattern: options.memoryPattern ?? false,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    ...(asked === null ? {} : { intraOpNumThreads: asked }),
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: options.spinning ? '1' : '0' } } }
  }
  if (asked === null) await wakeLibrary()
  const before = await countThreads()
  const session = await (typeof source === 'string'
    ? InferenceSession.create(source, ortOptions)
    : InferenceSession.create(source, ortOptions))
  const threads = asked ?? 1 + Math.max(0, (await countThreads()) - before)
  return new OrtSession(session, threads, options.ledger ?? new TensorLedger())
}

let isAwake = false

/** The first session starts a thread that is not its own. Bytes that are no model are refused, but not before that. */
async function wakeLibrary(): Promise<void> {
  if (isAwake) return
  isAwake = true
  await InferenceSession.create(new Uint8Array(16), { intraOpNumThreads: 1, logSeverityLevel: 4 }).then(
    (session) => session.release(),
    () => undefined
  )
}

class OrtSession implements CountedSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly inputShapes: Readonly<Record<string, readonly (number | string)[]>>

  constructor(
    private readonly session: InferenceSession,
    readonly threads: number,
    private readonly ledger: TensorLedger
  ) {
    this.inputNames = session.inputNames
    this.outputNames = session.outputNames
    this.inputShapes = Object.fromEntries(
      session.inputMetadata.map((input) => [input.name, input.isTensor ? input.shape : []])
    )
  }

  get tensors(): TensorCounts {
    return this.ledger.counts
  }

  async run(inputs: Tensors, into: Tensors = {}): Promise<Record<string, Tensor>> {
    const fetches = Object.fromEntries(
      this.outputNames.map((name) => [name, into[name] === undefined ? null : toOrt(into[name])])
    )
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, toOrt(tensor)]))
    const results = await this.session.run(feeds, fetches)
    const outputs = Object.entries(results).map(
      ([name, tensor]) => [name, this.taken(fromOrt(tensor), into[name])] as const
    )
    const tensors = [...Object.values(inputs), ...outputs.map(([, tensor]) => tensor)]
    this.ledger.ran(tensors.map(({ data }) => data.buffer))
    return Object.fromEntries(outputs)
  }

  /** The binding hands out a copy of an output that it has already written in place: that one is freed. */
  private taken(result: Tensor, given: Tensor | undefined): Tensor {
    if (given === undefined || result.data.buffer === given.data.buffer) return given ?? result
    const { byteLength } = result.data
    discard(result.data)
    this.ledger.gaveBack(byteLength)
    return given
  }

  keep(array: Float32Array): void {
    this.ledger.keep(array.buffer)
  }

  letGo(array: Float32Array): void {
    this.ledger.letGo(array.buffer)
  }

  async release(): Promise<void> {
    await this.session.release()
  }
}

function toOrt(tensor: Tensor): OrtTensor {
  return tensor.data instanceof Float32Array
    ? new OrtTensor('float32', tensor.data, tensor.dims)
    : new OrtTensor('int64', tensor.data, tensor.dims)
}

function fromOrt(tensor: OrtTensor): Tensor {
  const { data } = tensor
  if (data instanceof Float32Array) return { type: 'float32', dims: tensor.dims, data }
  if (data instanceof BigInt64Array) return { type: 'int64', dims: tensor.dims, data }
  throw new TypeError(`unexpected output type ${tensor.type}`)
}
