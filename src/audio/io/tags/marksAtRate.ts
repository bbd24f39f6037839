import type { TagChunk } from './pcmChunks'

/** Where the source's marks count from, and where the result's do. */
export interface MarkRates {
  readonly fromHz: number
  readonly toHz: number
}

export interface MovedChunks {
  readonly chunks: TagChunk[]
  /** False where chunks were left out that count in samples in a way of their own. */
  readonly isWhole: boolean
}

/** Loops, play lists and sample starts of instruments: what they count in samples is not rewritten. */
const LEFT_OUT = /^(?:smpl|plst|INST)$/

const BEXT_TIME_AT = 338
const CUE_POINT_BYTES = 24

/**
 * Chunks for a result of another rate than its source's: cue points, labelled stretches, AIFF's markers and the time of a
 * broadcast WAV, which count in samples, stay where they are in time. Pure.
 */
export function marksAtRate(chunks: readonly TagChunk[], { fromHz, toHz }: MarkRates): MovedChunks {
  if (fromHz === toHz) return { chunks: [...chunks], isWhole: true }
  const kept = chunks.filter(({ id }) => !LEFT_OUT.test(id))
  const moved = (samples: number): number => Math.round((samples * toHz) / fromHz)
  const out = kept.map(({ id, body }): TagChunk => {
    const copy = Buffer.from(body)
    MOVERS[id]?.(copy, moved)
    return { id, body: id === 'iXML' ? withRate(copy, { fromHz, toHz }) : copy }
  })
  return { chunks: out, isWhole: kept.length === chunks.length }
}

/** ffmpeg's name for the time of a broadcast WAV, in samples, moved likewise. Pure. */
export function tagsAtRate(
  tags: readonly (readonly [string, string])[],
  { fromHz, toHz }: MarkRates
): [string, string][] {
  return tags.map(([key, value]) => {
    const isTime = key.toLowerCase() === 'time_reference' && /^\d{1,15}$/.test(value)
    return [key, isTime ? String(Math.round((Number(value) * toHz) / fromHz)) : value]
  })
}

type Mover = (body: Buffer, moved: (samples: number) => number) => void

const MOVERS: Readonly<Record<string, Mover | undefined>> = {
  'cue ': moveCues,
  LIST: moveLabels,
  MARK: moveMarkers,
  bext: moveTime
}

function moveCues(body: Buffer, moved: (samples: number) => number): void {
  for (let at = 4; at + CUE_POINT_BYTES <= body.length; at += CUE_POINT_BYTES) {
    for (const field of [at + 4, at + 20]) body.writeUInt32LE(moved(body.readUInt32LE(field)) >>> 0, field)
  }
}

/** The lengths of labelled stretches, in a list of type `adtl`. */
function moveLabels(body: Buffer, moved: (samples: number) => number): void {
  if (body.toString('latin1', 0, 4) !== 'adtl') return
  for (let at = 4; at + 8 <= body.length;) {
    const size = body.readUInt32LE(at + 4)
    if (body.toString('latin1', at, at + 4) === 'ltxt' && size >= 8 && at + 16 <= body.length) {
      body.writeUInt32LE(moved(body.readUInt32LE(at + 12)) >>> 0, at + 12)
    }
    at += 8 + size + (size % 2)
  }
}

/** A marker: number, position, and a name of one byte of length that ends on an even byte. */
function moveMarkers(body: Buffer, moved: (samples: number) => number): void {
  for (let at = 2; at + 7 <= body.length;) {
    body.writeUInt32BE(moved(body.readUInt32BE(at + 2)) >>> 0, at + 2)
    const name = body.readUInt8(at + 6) + 1
    at += 6 + name + (name % 2)
  }
}

function moveTime(body: Buffer, moved: (samples: number) => number): void {
  if (body.length < BEXT_TIME_AT + 8) return
  const samples = Number(body.readBigUInt64LE(BEXT_TIME_AT))
  if (Number.isSafeInteger(samples)) body.writeBigUInt64LE(BigInt(moved(samples)), BEXT_TIME_AT)
}

/** iXML says the file's rate in its text; its time stamps name their own. */
function withRate(body: Buffer, { fromHz, toHz }: MarkRates): Buffer {
  const text = body.toString('utf8')
  const changed = text.replace(`<FILE_SAMPLE_RATE>${fromHz}<`, `<FILE_SAMPLE_RATE>${toHz}<`)
  return changed === text ? body : Buffer.from(changed)
}
