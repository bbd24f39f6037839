import { endianness } from 'node:os'
import { readFile, rm, writeFile } from 'node:fs/promises'
import type { ClipCache } from './clipCache'
import { Measures } from './measures'
import type { MeasuredShape } from './measures'

/** Changes whenever what is measured does: what an older version kept is measured again. */
const VERSION = 1
const HEADER_BYTES = 256

/** The name of a clip's measures in the cache. */
export function measuresName(key: string): string {
  return `${key}.measures`
}

/** Keeps what was measured for the next time. Throws E_DISK_FULL, E_READ_ONLY, E_IO. */
export async function keepMeasures(measures: Measures, key: string, cache: ClipCache): Promise<void> {
  const arrays = arraysOf(measures)
  const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, HEADER_BYTES)
  const part = await cache.newPart(bytes)
  try {
    const pieces = arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))
    await writeFile(part, [headerOf(measures.shape), ...pieces], { flag: 'wx' })
  } catch (thrown) {
    await rm(part, { force: true })
    throw thrown
  }
  cache.release(await cache.keep(part, measuresName(key)))
}

/** What was kept of an earlier time; null where there is nothing that fits. */
export async function restoreMeasures(shape: MeasuredShape, key: string, cache: ClipCache): Promise<Measures | null> {
  const path = await cache.find(measuresName(key))
  if (path === null) return null
  try {
    return measuresFrom(await readFile(path), shape)
  } finally {
    cache.release(path)
  }
}

function measuresFrom(bytes: Buffer, shape: MeasuredShape): Measures | null {
  const measures = new Measures(shape)
  const arrays = arraysOf(measures)
  const whole = arrays.reduce((sum, { byteLength }) => sum + byteLength, HEADER_BYTES)
  if (bytes.length !== whole || !bytes.subarray(0, HEADER_BYTES).equals(headerOf(shape))) return null
  let at = HEADER_BYTES
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.copy(new Uint8Array(buffer, byteOffset, byteLength), 0, at, at + byteLength)
    at += byteLength
  }
  // The levels above are made again from the finest.
  for (const { pyramids } of measures.signals.values()) {
    for (const pyramid of pyramids) pyramid.rebuild()
  }
  measures.markFull()
  return measures
}

function headerOf(shape: MeasuredShape): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write(JSON.stringify({ version: VERSION, order: endianness(), ...shape }))
  return header
}

function arraysOf(measures: Measures): (Int16Array | Float32Array)[] {
  return [...measures.signals.values()].flatMap(({ pyramids, powers, peaks }) => [
    ...pyramids.flatMap(({ finest }) => [finest.min, finest.max]),
    powers,
    peaks
  ])
}
