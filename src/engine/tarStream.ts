/** TAR archives (POSIX ustar with GNU and PAX long names), as a stream: one file after the other. */

const BLOCK = 512

export interface TarFile {
  readonly name: string
  readonly bytes: number
  /** Read before the next file is asked for; what is left of it is skipped. */
  readonly data: AsyncIterable<Buffer>
}

/** Damage of an archive. */
class TarError extends Error {
  readonly code = 'ERR_TAR'
}

/** The regular files of an archive; links, folders and devices are left out. Throws an error of code `ERR_TAR` for what is no TAR. */
export async function* tarFiles(source: AsyncIterable<Buffer>): AsyncGenerator<TarFile> {
  const reader = new BlockReader(source)
  let longName: string | null = null
  for (;;) {
    const header = await reader.take(BLOCK)
    if (header === null || header.every((byte) => byte === 0)) return
    checkSum(header)
    const bytes = numberAt(header, 124, 12)
    const type = String.fromCharCode(header[156]!)
    const padding = (BLOCK - (bytes % BLOCK)) % BLOCK
    if (type === 'L' || type === 'x') {
      if (bytes > 65_536) throw new TarError('a name of it is too long')
      const text = ((await reader.take(bytes + padding)) ?? Buffer.alloc(0)).subarray(0, bytes).toString('utf8')
      longName = type === 'L' ? text.replace(/\0.*$/su, '') : (/\d+ path=([^\n]*)\n/u.exec(text)?.[1] ?? longName)
      continue
    }
    const name = longName ?? nameOf(header)
    longName = null
    const body = reader.body(bytes)
    if (type === '0' || type === '\0') yield { name, bytes, data: body }
    await drained(body)
    if ((await reader.take(padding)) === null) throw new TarError('it is cut short')
  }
}

class BlockReader {
  private readonly chunks: AsyncIterator<Buffer>
  private rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.chunks = source[Symbol.asyncIterator]()
  }

  /** So many bytes; null at the end. Throws where it ends in the middle. */
  async take(count: number): Promise<Buffer | null> {
    const parts: Buffer[] = []
    let missing = count
    while (missing > 0) {
      const part = await this.some(missing)
      if (part === null) {
        if (parts.length > 0) throw new TarError('it is cut short')
        return null
      }
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }

  async *body(bytes: number): AsyncGenerator<Buffer> {
    for (let missing = bytes; missing > 0;) {
      const part = await this.some(missing)
      if (part === null) throw new TarError('it is cut short')
      // Before it is handed out: who stops reading leaves the count right.
      missing -= part.length
      yield part
    }
  }

  private async some(most: number): Promise<Buffer | null> {
    while (this.rest.length === 0) {
      const next = await this.chunks.next()
      if (next.done === true) return null
      this.rest = next.value
    }
    const part = this.rest.subarray(0, most)
    this.rest = this.rest.subarray(part.length)
    return part
  }
}

async function drained(body: AsyncIterable<Buffer>): Promise<void> {
  const parts = body[Symbol.asyncIterator]()
  while ((await parts.next()).done !== true);
}

function nameOf(header: Buffer): string {
  const name = textAt(header, 0, 100)
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textAt(header, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function textAt(header: Buffer, at: number, length: number): string {
  return header.toString('utf8', at, at + length).replace(/\0.*$/su, '')
}

/** Octal digits, or GNU's binary form for what is too large for them. */
function numberAt(header: Buffer, at: number, length: number): number {
  const isBinary = (header[at]! & 0x80) !== 0
  const value = isBinary
    ? Number(header.readBigUInt64BE(at + length - 8))
    : parseInt(textAt(header, at, length).trim() || '0', 8)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TarError('it declares lengths that no file has')
}

function checkSum(header: Buffer): void {
  let sum = 0
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : header[i]!
  if (sum !== numberAt(header, 148, 8)) throw new TarError('it is no TAR archive')
}
