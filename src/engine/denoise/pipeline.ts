import { rm } from 'node:fs/promises'
import { AppError, toAppError } from '../../shared/errors/appError'
import type { WarningCode } from '../../shared/errors/appError'
import type { SoundLevels } from '../../shared/jobs/soundLevels'
import { isDeviceLost } from '../../shared/errors/deviceLost'
import { outOfMemoryCode } from '../../shared/errors/outOfMemory'
import { NO_SOUND, SoundMeter } from '../../audio/dsp/soundMeter'
import { createOutput } from '../../audio/io/encode/createOutput'
import type { Output } from '../../audio/io/encode/createOutput'
import { openHeard } from '../../audio/io/monoSource'
import { assertUnchanged, sourceIdentity } from '../../audio/io/sourceIdentity'
import type { AudioSink, AudioSource } from '../../audio/io/types'
import type { FileJob } from '../protocol'
import { abortable } from './abortable'
import { ChannelChain, samplesAtModelRate } from './channelChain'
import { KeptDamaged, keptWay, plainWay, type KeptWay } from './keptSound'
import { linkPairs, SEPARATE, sidesOf } from './channelLink'
import type { ChannelLink } from './channelLink'
import { Levelling, raised } from './levelling'
import type { PipelineContext } from './pipelineContext'
import { probeFile } from './probe'
import type { FileProbe } from './probe'
import { resultShape } from './resultShape'
import type { ResultShape } from './resultShape'

export interface DenoiseResult {
  readonly frames: number
  readonly durationSec: number
  readonly sampleRateHz: number
  readonly channels: number
  readonly sha256: string
  readonly extension: string
  readonly warnings: WarningCode[]
  /** Made from what was kept of an earlier run: the model did not run. */
  readonly isFromKept: boolean
  /** What was read and what is written, before its dither. */
  readonly sound: SoundChange
  readonly modelSec: number
}

interface SoundChange {
  readonly before: SoundLevels
  readonly after: SoundLevels
}

/** What pass 1 counts for in the progress; it reads, and does not run the model. */
const PROBE_SHARE = 0.03

/**
 * One file from its source to a whole, synced part file: pass 1 measures (length, level, excerpts), pass 2 denoises. Memory
 * depends on chunk, batch and channels, never on the file's length. Throws AppErrors; the part file is gone then.
 */
export async function denoiseFile(job: FileJob, context: PipelineContext): Promise<DenoiseResult> {
  try {
    return await run(job, context)
  } catch (thrown) {
    if (!(thrown instanceof KeptDamaged)) throw withSpokenCode(toAppError(thrown))
    console.error(`what was kept of ${job.inputPath} is damaged: ${thrown.message}`)
    return withoutKept(job, context)
  }
}

/** The model runs, and what it gives takes the place of what was damaged. */
async function withoutKept(job: FileJob, context: PipelineContext): Promise<DenoiseResult> {
  try {
    await rm(job.keptPath!, { force: true })
    return await run(job, context)
  } catch (thrown) {
    throw withSpokenCode(toAppError(thrown))
  }
}

async function run(job: FileJob, context: PipelineContext): Promise<DenoiseResult> {
  const identity = await sourceIdentity(job.inputPath)
  const probe = await probeFile(job.inputPath, {
    ...context,
    track: job.audioTrack,
    asMono: job.channels === 'mono',
    excerptPlan: context.joiner.excerptPlan,
    onFraction: (fraction) => {
      context.onProgress({ fraction: fraction * PROBE_SHARE, audioSecDone: 0, audioSec: null })
    }
  })
  const shape = resultShape(probe, job, context.modelRateHz)
  const output = await openOutput(job, { probe, shape }, context.ffmpegPath)
  const { sink, extension } = output
  const kept = await openKept(job, probe, context)
  try {
    const { modelSec, sound, isHeldDown } = await fillLevelled(sink, job, { ...context, probe, shape, kept })
    await context.checkpoint()
    await assertUnchanged(job.inputPath, identity)
    const written = await sink.finish()
    await kept.keep()
    const warnings = new Set([...probe.warnings, ...output.warnings])
    if (written.clippedSamples > 0) warnings.add('W_CLIPPED')
    if (isHeldDown) warnings.add('W_QUIETER')
    if (isOnlyTrack(job, probe)) warnings.add('W_ONE_TRACK')
    const { sampleRateHz, channels } = shape.format
    return {
      frames: written.frames,
      durationSec: written.frames / sampleRateHz,
      sampleRateHz,
      channels,
      sha256: written.sha256,
      extension,
      warnings: [...warnings],
      isFromKept: kept.isKept,
      sound,
      modelSec
    }
  } catch (thrown) {
    await discard(sink)
    throw thrown
  } finally {
    await kept.close()
  }
}

/** Another track was asked for than the first, of a file that has no other. */
function isOnlyTrack({ audioTrack = 1 }: FileJob, { format }: FileProbe): boolean {
  return audioTrack > 1 && (format.origin?.tracks ?? 1) === 1
}

/** Of the channels that run: silent ones and twins need nothing of the model. */
function openKept(job: FileJob, probe: FileProbe, { joiner, modelRateHz }: PipelineContext): Promise<KeptWay> {
  const running = probe.channels.filter(({ isSilent, twinOf }) => !isSilent && twinOf === null)
  if (job.keptPath === undefined || running.length === 0) return Promise.resolve(plainWay(joiner))
  const samples = samplesAtModelRate(probe, modelRateHz)
  return keptWay(job.keptPath, { channels: running.map(({ index }) => index), samples }, joiner)
}

function openOutput(
  job: FileJob,
  { probe, shape }: Pick<PassTwo, 'probe' | 'shape'>,
  ffmpegPath: string | null
): Promise<Output> {
  const { inputPath: sourcePath, partPath, outputContainer: container } = job
  const { format, quality, video = 'replace' } = job.output ?? { format: 'source', quality: 'standard' }
  const { format: source, frames } = shape
  const { sampleRateHz: fileRateHz } = probe.format
  return createOutput({
    sourcePath,
    fileRateHz,
    source,
    frames,
    partPath,
    format,
    quality,
    video,
    container,
    ffmpegPath
  })
}

/** The first error counts; one of the clean-up is told where it cannot be lost. */
async function discard(sink: AudioSink): Promise<void> {
  try {
    await sink.abort()
  } catch (thrown) {
    console.error('a part file could not be removed:', thrown)
  }
}

interface PassTwo extends PipelineContext {
  readonly probe: FileProbe
  readonly shape: ResultShape
  readonly kept: KeptWay
}

type Filled = Pick<DenoiseResult, 'modelSec' | 'sound'>
type Writer = Pick<AudioSink, 'write' | 'writeSilence'>

/** Into the sink at once, or by way of the disk where the gain is known only at the end. */
async function fillLevelled(sink: AudioSink, job: FileJob, pass: PassTwo): Promise<Filled & { isHeldDown: boolean }> {
  const levelling = await Levelling.open(job, pass.probe.format, pass.shape.format)
  if (levelling === null) return { ...(await fill(sink, job, pass)), isHeldDown: false }
  try {
    const onSource = (block: readonly Float32Array[]): void => {
      levelling.takeSource(block)
    }
    const { modelSec, sound } = await fill(levelling, job, { ...pass, onSource })
    const { gainDb, isHeldDown } = await levelling.pour(sink, pass.checkpoint)
    return { modelSec, sound: { before: sound.before, after: raised(sound.after, gainDb) }, isHeldDown }
  } finally {
    await levelling.close()
  }
}

async function fill(sink: Writer, job: FileJob, pass: PassTwo & SourceHook): Promise<Filled> {
  const { probe } = pass
  if (probe.channels.every((channel) => channel.isSilent)) {
    await sink.writeSilence(pass.shape.frames)
    return { modelSec: 0, sound: { before: NO_SOUND, after: NO_SOUND } }
  }
  const { residualGain, above8k = 'keep' } = job
  const { ffmpegPath } = pass
  const heard = { ffmpegPath, track: job.audioTrack, asMono: job.channels === 'mono' }
  const source = await openHeard(job.inputPath, heard)
  const chains: ChannelChain[] = []
  try {
    if (!sameFormat(source, probe)) throw new AppError('E_SOURCE_CHANGED', { path: job.inputPath })
    const distinct = probe.channels.filter(({ twinOf }) => twinOf === null)
    const opened = distinct.map(async (channel) => {
      const joiner = pass.kept.joinerOf(channel.index)
      chains.push(await ChannelChain.open(channel, probe, { ...pass, joiner, residualGain, above8k }))
    })
    await allSettled(opened)
    chains.sort((a, b) => a.index - b.index)
    const link = job.channels === 'linked' ? linkOf(chains, pass) : SEPARATE
    const sound = await stream(source, sink, { ...pass, chains, link, path: job.inputPath })
    return { modelSec: chains.reduce((sum, chain) => sum + chain.modelSec, 0), sound }
  } finally {
    for (const chain of chains) chain.close()
    await source.close()
  }
}

/** Left and right that both have a sound of their own share one gain. */
function linkOf(chains: readonly ChannelChain[], { probe, modelRateHz }: PassTwo): ChannelLink {
  const placeOf = (channel: number): number => chains.findIndex(({ index, isSilent }) => index === channel && !isSilent)
  const pairs = sidesOf(probe.format).map(([left, right]) => [placeOf(left), placeOf(right)] as const)
  return linkPairs(
    pairs.filter(([left, right]) => left >= 0 && right >= 0),
    modelRateHz
  )
}

function sameFormat(source: AudioSource, probe: FileProbe): boolean {
  return source.format.sampleRateHz === probe.format.sampleRateHz && source.format.channels === probe.format.channels
}

interface SourceHook {
  readonly onSource?: (block: readonly Float32Array[]) => void
}

interface Streaming extends PassTwo, SourceHook {
  readonly chains: readonly ChannelChain[]
  readonly link: ChannelLink
  readonly path: string
}

async function stream(source: AudioSource, sink: Writer, pass: Streaming): Promise<SoundChange> {
  const { probe, shape, chains, link, signal } = pass
  const rate = probe.format.sampleRateHz
  const blockFrames = Math.max(1, Math.round((pass.joiner.chunkSamples * rate) / pass.modelRateHz))
  const before = new SoundMeter(rate, probe.format.channels)
  const after = new SoundMeter(shape.format.sampleRateHz, shape.format.channels)
  let frames = 0
  let written = 0
  const write = async (blocks: readonly Float32Array[]): Promise<void> => {
    const planar = fillSilent(withTwins(blocks, pass))
    written += planar[0]!.length
    after.push(planar)
    if (planar[0]!.length > 0) await sink.write(planar)
    const fraction = PROBE_SHARE + (1 - PROBE_SHARE) * (written / shape.frames)
    const audioSec = probe.frames / rate
    pass.onProgress({ fraction, audioSecDone: (written / shape.frames) * audioSec, audioSec })
  }
  for (;;) {
    await pass.checkpoint()
    const block = await abortable(source.read(blockFrames), signal)
    if (block === null) break
    frames += block[0]!.length
    if (frames > probe.frames) break
    before.push(block)
    pass.onSource?.(block)
    const parts = await allSettled(chains.map((chain) => chain.clean(block[chain.index]!)))
    const clean = link.push(parts)
    await write(chains.map((chain, at) => chain.join(block[chain.index]!, parts[at]!.low, clean[at]!)))
  }
  if (frames !== probe.frames) throw new AppError('E_SOURCE_CHANGED', { path: pass.path })
  const parts = await allSettled(chains.map((chain) => chain.cleanLast()))
  const clean = link.finish(parts)
  await write(chains.map((chain, at) => chain.joinLast(parts[at]!.low, clean[at]!)))
  return { before: before.figures(), after: after.figures() }
}

/** One block for each channel of the file: a twin has what its first has. */
function withTwins(blocks: readonly Float32Array[], { probe, chains }: Streaming): Float32Array[] {
  const done = new Map(chains.map((chain, at) => [chain.index, blocks[at]!]))
  return probe.channels.map(({ index, twinOf }) => done.get(twinOf ?? index)!)
}

/** Channels that are silent all through do not run: they get zeros of their neighbours' length. */
function fillSilent(blocks: readonly Float32Array[]): Float32Array[] {
  const frames = Math.max(...blocks.map((block) => block.length))
  return blocks.map((block) => (block.length === 0 && frames > 0 ? new Float32Array(frames) : block))
}

/** All results once every promise has ended: a lane that still runs must not lose its buffers to a neighbour's failure. */
async function allSettled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises)
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

/** ONNX Runtime and V8 tell of exhausted memory, and of a device that has gone, in words only. */
export function withSpokenCode(error: AppError): AppError {
  if (error.code !== 'E_INTERNAL') return error
  const code = outOfMemoryCode(error.message) ?? (isDeviceLost(error.message) ? 'E_GPU_LOST' : null)
  return code === null ? error : new AppError(code, error.data, error.cause)
}
