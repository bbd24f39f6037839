import { createHash } from 'node:crypto'

/** The `index`-th of `count` equal shares, from 1 on. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/**
 * Whether a file belongs to a share, by its path under the input folder alone: every machine says the same of the same tree,
 * wherever it is mounted and however it writes accents and separators.
 */
export function isInShard(relativePath: string, { index, count }: Shard): boolean {
  const name = relativePath.replaceAll('\\', '/').normalize('NFC')
  const hash = createHash('sha256').update(name, 'utf8').digest()
  return hash.readUIntBE(0, 6) % count === index - 1
}
