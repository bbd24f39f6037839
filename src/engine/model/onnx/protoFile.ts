import type { FileHandle } from 'node:fs/promises'

/** Thrown where bytes are no protobuf message; callers turn it into their own error. */
export class ProtoError extends Error {}

/** One field of a message: where its value lies in the file; `value` for varints only. */
export interface ProtoField {
  readonly field: number
  readonly wire: number
  readonly value: bigint
  readonly start: number
  readonly end: number
}

const WINDOW_BYTES = 65536
/** Longest text that is read whole. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024

/** Walks protobuf messages inside a file without reading what it skips. */
export class ProtoFile {
  private windowStart = 0
  private window: Buffer = Buffer.alloc(0)

  constructor(
    private readonly file: FileHandle,
    private readonly size: number
  ) {}

  /** The fields of the message at [start, end). Throws {@link ProtoError} where they do not fill it exactly. */
  async *fields(start = 0, end = this.size): AsyncGenerator<ProtoField> {
    let at = start
    while (at < end) {
      const tag = await this.varint(at, end)
      const [field, wire] = [Number(tag.value >> 3n), Number(tag.value & 7n)]
      if (field === 0 || tag.value > 0xffffffffn) throw new ProtoError('a field without a number')
      const place = await this.place(wire, tag.end, end)
      if (place.end > end) throw new ProtoError('a field reaches beyond its message')
      yield { field, wire, ...place }
      at = place.end
    }
  }

  async text(field: ProtoField): Promise<string> {
    if (field.wire !== 2) throw new ProtoError('a text of another type')
    return (await this.bytes(field.start, field.end)).toString('utf8')
  }

  /** The numbers of a packed field. */
  async *varints(field: ProtoField): AsyncGenerator<bigint> {
    for (let at = field.start; at < field.end;) {
      const { value, end } = await this.varint(at, field.end)
      yield value
      at = end
    }
  }

  private async place(
    wire: number,
    at: number,
    end: number
  ): Promise<{ readonly value: bigint; readonly start: number; readonly end: number }> {
    if (wire === 1) return { value: 0n, start: at, end: at + 8 }
    if (wire === 5) return { value: 0n, start: at, end: at + 4 }
    if (wire !== 0 && wire !== 2) throw new ProtoError(`a field of wire type ${wire}`)
    const { value, end: next } = await this.varint(at, end)
    if (wire === 0) return { value, start: at, end: next }
    if (value > BigInt(end - next)) throw new ProtoError('a field reaches beyond its message')
    return { value: 0n, start: next, end: next + Number(value) }
  }

  private async varint(at: number, end: number): Promise<{ readonly value: bigint; readonly end: number }> {
    let value = 0n
    for (let i = 0; i < 10 && at + i < end; i++) {
      const byte = await this.byte(at + i)
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return { value, end: at + i + 1 }
    }
    throw new ProtoError('a number without an end')
  }

  private async byte(at: number): Promise<number> {
    const inside = at - this.windowStart
    if (inside >= 0 && inside < this.window.length) return this.window[inside]!
    this.windowStart = at
    this.window = await this.read(at, Math.min(WINDOW_BYTES, this.size - at))
    return this.window[0]!
  }

  private async bytes(start: number, end: number): Promise<Buffer> {
    if (end - start > MAX_TEXT_BYTES) throw new ProtoError('a text that is too long')
    return this.read(start, end - start)
  }

  private async read(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length)
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.file.read(bytes, done, length - done, position + done)
      if (bytesRead === 0) throw new ProtoError('the file ended early')
      done += bytesRead
    }
    return bytes
  }
}
