import path from 'node:path'

/** Bytes in a second of audio, before any file of the kind was seen: 48 kHz PCM, lossless, lossy. */
const PCM_RATE = 144_000
const LOSSLESS_RATE = 80_000
const LOSSY_RATE = 20_000
const PCM = new Set(['.wav', '.wave', '.aif', '.aiff', '.aifc', '.w64', '.rf64', '.bwf', '.au', '.snd', '.caf'])
const LOSSLESS = new Set(['.flac', '.ape', '.wv', '.tta', '.tak'])

/** No time left is told before so much was done: the first seconds say little. */
const WARM_UP_SEC = 2

export interface MeterFile {
  readonly jobId: string
  readonly path: string
  readonly bytes: number
}

interface Tracked extends MeterFile {
  readonly kind: string
  audioSec: number | null
  doneSec: number
  counts: boolean
}

export interface MeterReading {
  readonly fraction: number
  /** Seconds of audio denoised in a second; null before there are any. */
  readonly rate: number | null
  readonly leftSec: number | null
}

/**
 * How far a batch is and how long it will take, by the speed measured so far. A file's length is known once the engine has
 * read it; before, it is guessed by its size and by the files of its kind that are known.
 */
export class BatchMeter {
  private readonly files = new Map<string, Tracked>()

  constructor(
    files: readonly MeterFile[],
    private readonly startSec: number
  ) {
    for (const file of files) {
      const kind = path.extname(file.path).toLowerCase()
      this.files.set(file.jobId, { ...file, kind, audioSec: null, doneSec: 0, counts: true })
    }
  }

  /** Seconds of a file's audio denoised so far, and in all where that is known. */
  progress(jobId: string, doneSec: number, audioSec: number | null): void {
    const file = this.files.get(jobId)
    if (!file) return
    file.doneSec = doneSec
    file.audioSec = audioSec ?? file.audioSec
  }

  done(jobId: string, audioSec: number): void {
    this.progress(jobId, audioSec, audioSec)
  }

  /** A file that failed or was skipped is neither work done nor work left. */
  drop(jobId: string): void {
    const file = this.files.get(jobId)
    if (file) file.counts = false
  }

  read(nowSec: number): MeterReading {
    const rates = this.learnedRates()
    let [totalSec, doneSec] = [0, 0]
    for (const file of this.files.values()) {
      if (!file.counts) continue
      const audioSec = file.audioSec ?? file.bytes / (rates.get(file.kind) ?? guessedRate(file.kind))
      totalSec += audioSec
      doneSec += file.doneSec
    }
    const elapsedSec = nowSec - this.startSec
    const rate = doneSec > 0 && elapsedSec > 0 ? doneSec / elapsedSec : null
    const leftSec = rate !== null && elapsedSec >= WARM_UP_SEC ? (totalSec - doneSec) / rate : null
    return { fraction: totalSec > 0 ? doneSec / totalSec : 1, rate, leftSec }
  }

  private learnedRates(): ReadonlyMap<string, number> {
    const sums = new Map<string, { bytes: number; sec: number }>()
    for (const { kind, bytes, audioSec } of this.files.values()) {
      if (audioSec === null) continue
      const sum = sums.get(kind) ?? { bytes: 0, sec: 0 }
      sums.set(kind, { bytes: sum.bytes + bytes, sec: sum.sec + audioSec })
    }
    return new Map([...sums].filter(([, sum]) => sum.sec > 0).map(([kind, sum]) => [kind, sum.bytes / sum.sec]))
  }
}

function guessedRate(kind: string): number {
  if (PCM.has(kind)) return PCM_RATE
  return LOSSLESS.has(kind) ? LOSSLESS_RATE : LOSSY_RATE
}
