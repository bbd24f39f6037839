import { LevelMeter } from '../../audio/dsp/level'
import { isSilent } from '../../audio/dsp/silence'
import { openHeard } from '../../audio/io/monoSource'
import type { AudioFormat, AudioSource } from '../../audio/io/types'
import { AppError } from '../../shared/errors/appError'
import type { WarningCode } from '../../shared/errors/appError'
import { abortable } from './abortable'
import { ExcerptGrid } from './excerpts'
import type { ExcerptPlan, Survey } from './join'
import { toModelRate } from './modelRate'

export interface ChannelProbe {
  readonly index: number
  /** Digital silence from end to end. */
  readonly isSilent: boolean
  /** Brings the channel to the level that the model was trained at; 1 for silence. */
  readonly gain: number
  readonly survey: Survey
  /** The first channel that is the same to the last bit (dual mono), which is then denoised for both; null where there is none. */
  readonly twinOf: number | null
}

/** What pass 1 finds out about a file. */
export interface FileProbe {
  readonly format: AudioFormat
  readonly frames: number
  readonly channels: readonly ChannelProbe[]
  readonly warnings: ReadonlySet<WarningCode>
}

export interface ProbeOptions {
  readonly ffmpegPath: string | null
  /** Of files with several tracks of sound, from 1. */
  readonly track?: number | undefined
  /** The mean of all channels is what is measured, as one channel. */
  readonly asMono: boolean
  readonly modelRateHz: number
  readonly excerptPlan: ExcerptPlan | null
  readonly signal: AbortSignal
  readonly checkpoint: () => Promise<void>
  readonly onChannels: (channels: number) => void
  /** Share of the declared length that is read; not called where no length is declared. */
  readonly onFraction: (fraction: number) => void
}

const READ_FRAMES = 16384

/** Pass 1 over a file: true length, level and excerpts for the gates, in memory that does not depend on the length. */
export async function probeFile(path: string, options: ProbeOptions): Promise<FileProbe> {
  const source = await openHeard(path, options)
  try {
    const { format } = source
    options.onChannels(format.channels)
    const channels = Array.from({ length: format.channels }, (_, index) => new ChannelMeter(index, format, options))
    const twins = new TwinFinder(format.channels)
    const frames = await readAll(source, { channels, twins }, options)
    if (frames === 0) throw new AppError('E_NO_AUDIO', { path })
    const probed = channels.map((channel, index) => ({ ...channel.finish(), twinOf: twins.of(index) }))
    return { format, frames, channels: probed, warnings: new Set(source.warnings) }
  } finally {
    await source.close()
  }
}

interface Meters {
  readonly channels: readonly ChannelMeter[]
  readonly twins: TwinFinder
}

async function readAll(source: AudioSource, { channels, twins }: Meters, options: ProbeOptions): Promise<number> {
  const { declaredFrames } = source.format
  let frames = 0
  for (;;) {
    await options.checkpoint()
    const block = await abortable(source.read(READ_FRAMES), options.signal)
    if (block === null) return frames
    for (const [index, channel] of channels.entries()) channel.push(block[index]!)
    twins.push(block)
    frames += block[0]!.length
    if (declaredFrames !== null && declaredFrames > 0) options.onFraction(Math.min(1, frames / declaredFrames))
  }
}

/** Which channels have been the same from the first sample on. */
class TwinFinder {
  /** For each channel the earlier ones that it has not differed from yet, in order. */
  private readonly candidates: number[][]

  constructor(channels: number) {
    this.candidates = Array.from({ length: channels }, (_, index) => Array.from({ length: index }, (__, k) => k))
  }

  push(block: readonly Float32Array[]): void {
    for (const [index, others] of this.candidates.entries()) {
      if (others.length === 0) continue
      this.candidates[index] = others.filter((other) => isSame(block[index]!, block[other]!))
    }
  }

  of(index: number): number | null {
    return this.candidates[index]![0] ?? null
  }
}

function isSame(a: Float32Array, b: Float32Array): boolean {
  return bytesOf(a).equals(bytesOf(b))
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

class ChannelMeter {
  private readonly meter: LevelMeter
  private readonly grid: ExcerptGrid | null
  private silent = true

  constructor(
    private readonly index: number,
    format: AudioFormat,
    { modelRateHz, excerptPlan }: ProbeOptions
  ) {
    const { sampleRateHz } = format
    this.meter = new LevelMeter()
    this.grid =
      excerptPlan &&
      new ExcerptGrid({
        ...excerptPlan,
        framesPerSample: sampleRateHz / modelRateHz,
        converter: toModelRate(sampleRateHz, modelRateHz)
      })
  }

  push(samples: Float32Array): void {
    if (isSilent(samples)) {
      this.meter.pushSilence(samples.length)
    } else {
      this.silent = false
      this.meter.push(samples)
    }
    this.grid?.push(samples)
  }

  finish(): Omit<ChannelProbe, 'twinOf'> {
    const { index, silent, grid } = this
    const whole = silent || grid === null ? null : grid.finishWhole()
    const excerpts = whole !== null || grid === null ? [] : grid.excerpts
    return { index, isSilent: silent, gain: this.meter.gain() ?? 1, survey: { whole, excerpts } }
  }
}
