import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { EngineSettings } from '../../engine/protocol'
import type { Job } from '../../shared/jobs/job'
import type { ChannelWay } from '../../shared/settings/choices'
import { graphHash } from '../memory/runKey'
import { isOwnerGone, ownerTag } from './partFiles'

const BLOCK_BYTES = 4096
/** Trimmed to this share of the limit, so that not each file after it means another look at all that is there. */
const TRIMMED_TO = 0.9
/** Window and command write into one folder: what the other adds is seen after as many files at the latest. */
const FILES_PER_LOOK = 200

const PART = /\.(\d+)-[0-9a-f]{8}\.part$/u

export interface KeptSoundsOptions {
  /** The app's: window and command keep in one place. */
  readonly dataFolder: string
  /** What all of it may take; 0 keeps nothing. */
  readonly limitBytes: () => number
  readonly log: (line: string) => void
}

/** What the output depends on that comes before strength, floor, level and format. */
interface Recipe {
  readonly job: Pick<Job, 'inputPath' | 'identity'>
  /** As the engine was really started. */
  readonly engine: EngineSettings
  readonly channels: ChannelWay
  readonly audioTrack: number | null
}

interface Entry {
  readonly file: string
  /** On the disk: a small file takes a whole block. */
  readonly bytes: number
  readonly usedMs: number
}

/**
 * Where engines keep what the model gave for a file, so that its strength can change later without another run: within a limit,
 * the longest unused go first. The engine writes and reads (`src/engine/denoise/keptSound.ts`); a name tells all that it stands for.
 */
export class KeptSounds {
  private last: Promise<unknown> = Promise.resolve()

  private readonly folder: string
  /** What lies there by the last look and what was added since; null before the first. */
  private totalBytes: number | null = null
  private sinceLook = 0

  constructor(private readonly options: KeptSoundsOptions) {
    this.folder = path.join(options.dataFolder, 'cache', 'kept')
  }

  /** Null where nothing is to be kept. Another source, model, precision, way of joining, track or mix to mono is another path. */
  async pathFor({ job, engine, channels, audioTrack }: Recipe): Promise<string | null> {
    if (this.options.limitBytes() <= 0) return null
    const { device, inode, sizeBytes, modifiedNs } = job.identity
    const { join, chunkSec, overlapSec } = engine
    const graph = await graphHash({ model: engine.model, join })
    const parts = [job.inputPath, device, inode, sizeBytes, modifiedNs, graph, join, chunkSec]
    if (join === 'overlap') parts.push(overlapSec)
    if (channels === 'mono') parts.push('mono')
    if (audioTrack !== null) parts.push(`track ${audioTrack}`)
    const name = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40)
    return path.join(this.folder, name)
  }

  /** `added` is there now: what is over the limit goes. Never rejects: what cannot go now goes later. */
  trim(added: string): Promise<void> {
    return this.inTurn(async () => {
      const limitBytes = this.options.limitBytes()
      if (this.totalBytes !== null) this.totalBytes += await bytesOf(added)
      const isDue = this.totalBytes === null || this.totalBytes > limitBytes || ++this.sinceLook >= FILES_PER_LOOK
      if (isDue) await this.removeOver(limitBytes)
    })
  }

  /** An engine has ended, or the limit is another: what was left half-written goes, and what is over. Never rejects. */
  tidy(): Promise<void> {
    return this.inTurn(() => this.removeOver(this.options.limitBytes()))
  }

  clear(): Promise<void> {
    return this.inTurn(() => this.removeOver(0))
  }

  async sizeBytes(): Promise<number> {
    return (await this.list()).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const next = this.last.then(work).catch((thrown: unknown) => {
      this.options.log(`what is kept could not be tidied: ${String(thrown)}`)
    })
    this.last = next
    return next
  }

  private async removeOver(limitBytes: number): Promise<void> {
    const whole: Entry[] = []
    for (const entry of await this.list()) {
      const writer = PART.exec(entry.file)?.[1]
      if (writer === undefined) whole.push(entry)
      else if (isOwnerGone(Number(writer), ownerTag)) await rm(entry.file, { force: true })
    }
    let total = whole.reduce((sum, { bytes }) => sum + bytes, 0)
    const goalBytes = total > limitBytes ? TRIMMED_TO * limitBytes : total
    for (const { file, bytes } of whole.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= goalBytes) break
      await rm(file, { force: true })
      total -= bytes
    }
    this.totalBytes = total
    this.sinceLook = 0
  }

  private async list(): Promise<Entry[]> {
    const names = await readdir(this.folder).catch(() => []) // Nothing was kept yet.
    const entries: Entry[] = []
    for (const name of names) {
      const file = path.join(this.folder, name)
      const info = await stat(file).catch(() => null) // Gone since we looked.
      if (info?.isFile()) entries.push({ file, bytes: blocksOf(info.size), usedMs: info.mtimeMs })
    }
    return entries
  }
}

const blocksOf = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES

/** 0 where nothing was kept: the disk was full, or the model did not run. */
async function bytesOf(file: string): Promise<number> {
  return blocksOf((await stat(file).catch(() => ({ size: 0 }))).size)
}
