import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, utimes, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Joiner, LaneDenoiser } from './join'

/**
 * What the model gave for a file, kept so that another strength, floor, format or loudness needs no second run of it: all that
 * comes after the model is made again from the source and from this, and comes out the same to the bit.
 *
 * Layout, little endian: "SWKEPT01", channels (u32), 0 (u32), samples a channel (f64), a CRC-32 of each channel (u32),
 * then each channel's samples at the model's rate and level, float32, one after the other. It has its name only once it is whole.
 */
const MAGIC = Buffer.from('SWKEPT01', 'latin1')
const FIXED_BYTES = 24
const SAMPLE_BYTES = 4

/** Its bytes are not those that were kept: the file is done without it. */
export class KeptDamaged extends Error {}

/** Channels of the file that run through the model, and how long each is at its rate. */
export interface KeptShape {
  readonly channels: readonly number[]
  readonly samples: number
}

const headerBytes = ({ channels }: KeptShape): number => FIXED_BYTES + 4 * channels.length
const totalBytes = (shape: KeptShape): number =>
  headerBytes(shape) + shape.channels.length * shape.samples * SAMPLE_BYTES

function header(shape: KeptShape, sums: readonly number[]): Buffer {
  const bytes = Buffer.alloc(headerBytes(shape))
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(shape.channels.length, 8)
  bytes.writeDoubleLE(shape.samples, 16)
  sums.forEach((sum, at) => bytes.writeUInt32LE(sum, FIXED_BYTES + 4 * at))
  return bytes
}

/** What stands in the model's place for one file. `keep` when the result is whole, `close` in any case. */
export interface KeptWay {
  /** For one channel of the file. */
  joinerOf(channel: number): Joiner
  /** The model does not run. */
  readonly isKept: boolean
  keep(): Promise<void>
  close(): Promise<void>
}

/** By what is kept under `path` where that is there and fits; otherwise by the model, and what it gives is kept. */
export async function keptWay(path: string, shape: KeptShape, joiner: Joiner): Promise<KeptWay> {
  const found = await openKept(path, shape)
  if (found !== null) return new ReadingWay(joiner, found, shape)
  try {
    await mkdir(dirname(path), { recursive: true })
    const part = `${path}.${process.pid}-${randomUUID().slice(0, 8)}.part`
    return new WritingWay(joiner, { file: await open(part, 'wx'), part, path }, shape)
  } catch (thrown) {
    tell(thrown)
    return plainWay(joiner)
  }
}

/** Nothing is kept. */
export function plainWay(joiner: Joiner): KeptWay {
  return { joinerOf: () => joiner, isKept: false, keep: () => Promise.resolve(), close: () => Promise.resolve() }
}

interface Found {
  readonly file: FileHandle
  readonly sums: readonly number[]
}

/** Null where there is none, or one of another shape: that is written anew. */
async function openKept(path: string, shape: KeptShape): Promise<Found | null> {
  const file = await open(path, 'r').catch(() => null) // Not there, or not to be read: the model runs.
  if (file === null) return null
  try {
    const bytes = Buffer.alloc(headerBytes(shape))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    const sums = shape.channels.map((_, at) =>
      bytesRead === bytes.length ? bytes.readUInt32LE(FIXED_BYTES + 4 * at) : 0
    )
    const { size } = await file.stat()
    if (size === totalBytes(shape) && bytes.equals(header(shape, sums))) {
      const now = new Date()
      await utimes(path, now, now).catch(() => undefined) // Only the order of leaving depends on it.
      return { file, sums }
    }
    await file.close()
    return null
  } catch {
    await file.close().catch(() => undefined)
    return null
  }
}

/** Where a channel's samples lie. */
function placeOf(shape: KeptShape, channel: number): { readonly at: number; readonly startByte: number } {
  const at = shape.channels.indexOf(channel)
  return { at, startByte: headerBytes(shape) + at * shape.samples * SAMPLE_BYTES }
}

const bytesOf = (samples: Float32Array): Buffer => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)

class ReadingWay implements KeptWay {
  readonly isKept = true

  constructor(
    private readonly joiner: Joiner,
    private readonly found: Found,
    private readonly shape: KeptShape
  ) {}

  joinerOf(channel: number): Joiner {
    const { kind, counters, chunkSamples } = this.joiner
    const lane = this.lane(placeOf(this.shape, channel), this.shape.samples)
    return { ...{ kind, counters, chunkSamples, excerptPlan: null }, open: () => Promise.resolve(lane) }
  }

  keep(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return this.found.file.close()
  }

  private lane({ at, startByte }: { at: number; startByte: number }, samples: number): LaneDenoiser {
    const { file, sums } = this.found
    let [done, sum] = [0, 0]
    const read = async (count: number): Promise<Float32Array> => {
      const part = new Float32Array(Math.min(count, samples - done))
      // zlib begins anew where it is given nothing.
      if (part.length === 0) return part
      const { bytesRead } = await file.read(bytesOf(part), 0, part.byteLength, startByte + done * SAMPLE_BYTES)
      if (bytesRead !== part.byteLength) throw new KeptDamaged('it ends too early')
      sum = crc32(bytesOf(part), sum)
      done += part.length
      return part
    }
    return {
      modelSec: 0,
      push: (given) => read(given.length),
      finish: async () => {
        const rest = await read(samples - done)
        if (sum !== sums[at]) throw new KeptDamaged('its checksum is another')
        return rest
      },
      close: () => undefined
    }
  }
}

interface Part {
  readonly file: FileHandle
  readonly part: string
  readonly path: string
}

class WritingWay implements KeptWay {
  readonly isKept = false
  private readonly sums: number[]
  private readonly written: number[]
  private isOver = false

  constructor(
    private readonly joiner: Joiner,
    private readonly part: Part,
    private readonly shape: KeptShape
  ) {
    this.sums = shape.channels.map(() => 0)
    this.written = shape.channels.map(() => 0)
  }

  joinerOf(channel: number): Joiner {
    const { kind, counters, chunkSamples, excerptPlan } = this.joiner
    return {
      ...{ kind, counters, chunkSamples, excerptPlan },
      open: async (options) => this.lane(await this.joiner.open(options), channel)
    }
  }

  /** A disk that is full costs what would be kept, never the file. */
  async keep(): Promise<void> {
    const { file, part, path } = this.part
    if (this.isOver || this.written.some((samples) => samples !== this.shape.samples)) return
    try {
      await file.write(header(this.shape, this.sums), 0, undefined, 0)
      await file.close()
      this.isOver = true
      await rename(part, path)
    } catch (thrown) {
      tell(thrown)
      this.isOver = false
    }
  }

  async close(): Promise<void> {
    if (this.isOver) return
    await this.part.file.close().catch(() => undefined)
    await rm(this.part.part, { force: true }).catch(tell)
  }

  private lane(lane: LaneDenoiser, channel: number): LaneDenoiser {
    const { at, startByte } = placeOf(this.shape, channel)
    const note = async (samples: Float32Array): Promise<Float32Array> => {
      if (this.isOver || samples.length === 0) return samples
      const bytes = bytesOf(samples)
      this.sums[at] = crc32(bytes, this.sums[at])
      const toByte = startByte + this.written[at]! * SAMPLE_BYTES
      this.written[at]! += samples.length
      try {
        if (this.written[at]! > this.shape.samples) throw new Error('more samples than were promised')
        await this.part.file.write(bytes, 0, bytes.length, toByte)
      } catch (thrown) {
        tell(thrown)
        this.isOver = true
        await this.part.file.close().catch(() => undefined)
        await rm(this.part.part, { force: true }).catch(tell)
      }
      return samples
    }
    return {
      get modelSec() {
        return lane.modelSec
      },
      push: async (samples) => note(await lane.push(samples)),
      finish: async () => note(await lane.finish()),
      close: () => {
        lane.close()
      }
    }
  }
}

function tell(thrown: unknown): void {
  console.error('what the model gave is not kept:', thrown)
}
