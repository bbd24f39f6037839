import path from 'node:path'

/** Bytes in a second of audio, before any file of the kind was seen: 48 kHz PCM, lossless, lossy. */
const PCM_RATE = 144_000
const LOSSLESS_RATE = 80_000
const LOSSY_RATE = 20_000
const PCM = new Set(['.wav', '.wave', '.aif', '.aiff', '.aifc', '.w64', '.rf64', '.bwf', '.au', '.snd', '.caf'])
const LOSSLESS = new Set(['.flac', '.ape', '.wv', '.tta', '.tak'])

/** The guess counts as much as so many files that were seen: the first one of a kind may be unlike the rest. */
const GUESS_WEIGHT = 3

/** No time left is told before so much was done: the first seconds say little. */
const WARM_UP_SEC = 2

/** A speed that was known before counts as much as so many seconds of this batch. */
const PRIOR_SEC = 3

/** A file of the batch; `audioSec` where its length is known before it is run. */
export interface MeterFile {
  readonly jobId: string
  readonly path: string
  readonly bytes: number
  readonly audioSec: number | null
}

interface Tracked extends MeterFile {
  readonly kind: string
  audioSec: number | null
  doneSec: number
}

/** What was learned of files of one kind, and what is still unknown of them. */
interface Kind {
  unknownBytes: number
  seen: number
  logRates: number
}

export interface MeterReading {
  readonly fraction: number
  /** Seconds of audio denoised in a second; null before there are any. */
  readonly rate: number | null
  readonly leftSec: number | null
}

/**
 * How far a batch is and how long it will take, by the speed measured so far. A file's length is known by its probe or once the
 * engine has read it; before, it is guessed by its size and the files of its kind. Every call costs the same for any number of files.
 */
export class BatchMeter {
  private readonly files = new Map<string, Tracked>()
  private readonly kinds = new Map<string, Kind>()
  private knownSec = 0
  private doneSec = 0
  /** Work that was done and is no part of the batch any more (a file that failed half-way): it tells the speed all the same. */
  private spentSec = 0

  /** `priorRate`: seconds of audio a second, as these settings were measured before; null where they never were. */
  constructor(private readonly priorRate: number | null = null) {}

  add(file: MeterFile): void {
    this.drop(file.jobId)
    const kind = path.extname(file.path).toLowerCase()
    const tracked: Tracked = { ...file, kind, audioSec: null, doneSec: 0 }
    this.files.set(file.jobId, tracked)
    this.kindOf(kind).unknownBytes += file.bytes
    if (file.audioSec !== null) this.learn(tracked, file.audioSec)
  }

  has(jobId: string): boolean {
    return this.files.has(jobId)
  }

  /** A file's length, found out meanwhile. */
  know(jobId: string, audioSec: number): void {
    const file = this.files.get(jobId)
    if (file) this.learn(file, audioSec)
  }

  /** Seconds of a file's audio denoised so far, and in all where that is known. */
  progress(jobId: string, doneSec: number, audioSec: number | null): void {
    const file = this.files.get(jobId)
    if (!file) return
    if (audioSec !== null) this.learn(file, audioSec)
    this.doneSec += doneSec - file.doneSec
    file.doneSec = doneSec
  }

  done(jobId: string, audioSec: number): void {
    this.progress(jobId, audioSec, audioSec)
  }

  /** A file that goes back to the queue: what was done of it is lost, and was work all the same. */
  restart(jobId: string): void {
    const file = this.files.get(jobId)
    if (!file) return
    this.spentSec += file.doneSec
    this.progress(jobId, 0, null)
  }

  /** A file that failed or was skipped is neither work done nor work left. */
  drop(jobId: string): void {
    const file = this.files.get(jobId)
    if (!file) return
    this.restart(jobId)
    this.files.delete(jobId)
    if (file.audioSec === null) this.kindOf(file.kind).unknownBytes -= file.bytes
    else this.knownSec -= file.audioSec
  }

  /** `activeSec`: how long the batch has been at work, pauses left out. */
  read(activeSec: number): MeterReading {
    let totalSec = this.knownSec
    for (const [name, kind] of this.kinds) totalSec += kind.unknownBytes / rateOf(name, kind)
    const workedSec = this.doneSec + this.spentSec
    const rate = workedSec > 0 && activeSec > 0 ? workedSec / activeSec : null
    const left = Math.max(0, totalSec - this.doneSec)
    const leftSec = this.leftSec(left, workedSec, activeSec)
    return { fraction: totalSec > 0 ? Math.min(1, this.doneSec / totalSec) : 1, rate, leftSec }
  }

  private leftSec(left: number, workedSec: number, activeSec: number): number | null {
    const { priorRate } = this
    if (priorRate !== null) return (left * (activeSec + PRIOR_SEC)) / (workedSec + priorRate * PRIOR_SEC)
    return workedSec > 0 && activeSec >= WARM_UP_SEC ? (left * activeSec) / workedSec : null
  }

  private learn(file: Tracked, audioSec: number): void {
    if (file.audioSec === audioSec) return
    const kind = this.kindOf(file.kind)
    if (file.audioSec === null) {
      kind.unknownBytes -= file.bytes
      if (audioSec > 0 && file.bytes > 0) {
        kind.seen++
        kind.logRates += Math.log(file.bytes / audioSec)
      }
    }
    this.knownSec += audioSec - (file.audioSec ?? 0)
    file.audioSec = audioSec
  }

  private kindOf(name: string): Kind {
    let kind = this.kinds.get(name)
    if (!kind) this.kinds.set(name, (kind = { unknownBytes: 0, seen: 0, logRates: 0 }))
    return kind
  }
}

/** The geometric mean of what was seen and the guess. */
function rateOf(name: string, { seen, logRates }: Kind): number {
  const guess = guessedRate(name)
  return Math.exp((logRates + GUESS_WEIGHT * Math.log(guess)) / (seen + GUESS_WEIGHT))
}

function guessedRate(kind: string): number {
  if (PCM.has(kind)) return PCM_RATE
  return LOSSLESS.has(kind) ? LOSSLESS_RATE : LOSSY_RATE
}
