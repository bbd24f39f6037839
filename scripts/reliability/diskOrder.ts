/** One call that changed a disk, in the order in which calls came back. Paths are absolute. */
export type DiskCall =
  | { readonly kind: 'create'; readonly path: string }
  /** Content, length or both. */
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'rename' | 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir'; readonly path: string }

/** The calls of a program's life, as `strace -f -y` writes them down. Calls that failed are left out. */
export const TRACED_CALLS =
  'openat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,fallocate,copy_file_range,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat'

export function diskCalls(strace: string): readonly DiskCall[] {
  const begun = new Map<string, string>()
  return strace.split('\n').flatMap((line) => {
    const [, pid, rest] = /^(\d+) +(.*)$/su.exec(line) ?? []
    if (pid === undefined || rest === undefined) return []
    const half = /^(.*) <unfinished \.\.\.>$/su.exec(rest)
    if (half) begun.set(pid, half[1]!)
    if (half) return []
    // What a thread began ends in its next line.
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/su.exec(rest)
    const call = callOf(resumed ? `${begun.get(pid) ?? ''}${resumed[1]!}` : rest)
    return call === null ? [] : [call]
  })
}

function callOf(text: string): DiskCall | null {
  const [, name, words, result] = /^(\w+)\((.*)\)\s+= (-?\d+.*)$/su.exec(text) ?? []
  if (name === undefined || words === undefined || result === undefined || result.startsWith('-')) return null
  // The handle's own path stands behind its number: that of a file that has got another name since is that name.
  const handle = /^\d+<(\/[^>]*)>/u.exec(words)?.[1]
  const paths = [...words.matchAll(/"((?:[^"\\]|\\.)*)"/gu)].map(([, path]) => path!)
  switch (name) {
    case 'openat':
      return words.includes('O_CREAT') ? { kind: 'create', path: paths[0]! } : null
    case 'fsync':
    case 'fdatasync':
      return handle === undefined ? null : { kind: 'sync', path: handle }
    case 'rename':
    case 'renameat':
    case 'renameat2':
      return { kind: 'rename', from: paths[0]!, to: paths[1]! }
    case 'link':
    case 'linkat':
      return { kind: 'link', from: paths[0]!, to: paths[1]! }
    case 'unlink':
    case 'unlinkat':
      return { kind: 'unlink', path: paths[0]! }
    case 'mkdir':
    case 'mkdirat':
      return { kind: 'mkdir', path: paths[0]! }
    default:
      return handle === undefined ? null : { kind: 'write', path: handle, text: paths[0] ?? '' }
  }
}
