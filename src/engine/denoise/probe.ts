import { LevelMeter } from '../../audio/dsp/level'
import { isSilent } from '../../audio/dsp/silence'
import { openSource } from '../../audio/io/openSource'
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
  const source = await openSource(path, { ffmpegPath: options.ffmpegPath })
  try {
    const { format } = source
    options.onChannels(format.channels)
    const channels = Array.from({ length: format.channels }, (_, index) => new ChannelMeter(index, format, options))
    const frames = await readAll(source, channels, options)
    if (frames === 0) throw new AppError('E_NO_AUDIO', { path })
    return { format, frames, channels: channels.map((channel) => channel.finish()), warnings: new Set(source.warnings) }
  } finally {
    await source.close()
  }
}

async function readAll(source: AudioSource, channels: readonly ChannelMeter[], options: ProbeOptions): Promise<number> {
  const { declaredFrames } = source.format
  let frames = 0
  for (;;) {
    await options.checkpoint()
    const block = await abortable(source.read(READ_FRAMES), options.signal)
    if (block === null) return frames
    for (const [index, channel] of channels.entries()) channel.push(block[index]!)
    frames += block[0]!.length
    if (declaredFrames !== null && declaredFrames > 0) options.onFraction(Math.min(1, frames / declaredFrames))
  }
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

  finish(): ChannelProbe {
    const { index, silent, grid } = this
    const whole = silent || grid === null ? null : grid.finishWhole()
    const excerpts = whole !== null || grid === null ? [] : grid.excerpts
    return { index, isSilent: silent, gain: this.meter.gain() ?? 1, survey: { whole, excerpts } }
  }
}
