/** The part of protobuf's wire format that an ONNX file needs, for writing. */

const VARINT = 0
const LENGTH_DELIMITED = 2
const FIXED32 = 5

/** One message under construction: fields are appended in any order, big byte blocks by reference. */
export class ProtoMessage {
  private readonly parts: Uint8Array[] = []
  private bytes = 0

  get byteLength(): number {
    return this.bytes
  }

  /** Pieces of the encoded message, in order. */
  chunks(): readonly Uint8Array[] {
    return this.parts
  }

  varint(field: number, value: number | bigint): this {
    return this.push(encodeVarint(BigInt((field << 3) | VARINT))).push(encodeVarint(BigInt(value)))
  }

  float(field: number, value: number): this {
    const word = Buffer.alloc(4)
    word.writeFloatLE(value)
    return this.push(encodeVarint(BigInt((field << 3) | FIXED32))).push(word)
  }

  text(field: number, value: string): this {
    return this.block(field, Buffer.from(value, 'utf8'))
  }

  block(field: number, value: Uint8Array): this {
    return this.start(field, value.length).push(value)
  }

  message(field: number, value: ProtoMessage): this {
    this.start(field, value.byteLength)
    for (const part of value.parts) this.push(part)
    return this
  }

  /** Packed repeated integers. */
  varints(field: number, values: readonly (number | bigint)[]): this {
    return this.block(field, Buffer.concat(values.map((value) => encodeVarint(BigInt(value)))))
  }

  private start(field: number, length: number): this {
    return this.push(encodeVarint(BigInt((field << 3) | LENGTH_DELIMITED))).push(encodeVarint(BigInt(length)))
  }

  private push(part: Uint8Array): this {
    this.parts.push(part)
    this.bytes += part.length
    return this
  }
}

/** Base-128, least significant group first; negative numbers as 64-bit two's complement. */
function encodeVarint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value)
  const bytes: number[] = []
  do {
    const group = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest === 0n ? group : group | 0x80)
  } while (rest !== 0n)
  return Uint8Array.from(bytes)
}
