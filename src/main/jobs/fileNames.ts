import path from 'node:path'

/** The longest name of Linux's and macOS's file systems, in UTF-8 bytes; Windows allows more bytes, never fewer. */
export const MAX_NAME_BYTES = 255

const WINDOWS_DEVICES = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?: *\..*| *)$/iu
// eslint-disable-next-line no-control-regex
const WINDOWS_ILLEGAL = /[<>:"/\\|?*\u0000-\u001f]/gu

/**
 * One component of a path, made legal: nothing that leaves its folder, no separator, no NUL; on Windows also no device name,
 * no reserved character, no trailing dot or space. Legal names come back as they are.
 */
export function sanitiseName(name: string, platform: NodeJS.Platform): string {
  // eslint-disable-next-line no-control-regex
  let legal = name.replace(/[/\u0000]/gu, '_')
  if (platform === 'win32') {
    legal = legal.replace(WINDOWS_ILLEGAL, '_').replace(/[. ]+$/u, (end) => '_'.repeat(end.length))
    if (WINDOWS_DEVICES.test(legal)) legal = `_${legal}`
  }
  return legal === '' || legal === '.' || legal === '..' ? '_'.repeat(Math.max(legal.length, 1)) : legal
}

/** `stem + suffix`, the stem cut (never inside a character) so that the name fits a file system. */
export function fitName(stem: string, suffix: string): string {
  const room = MAX_NAME_BYTES - Buffer.byteLength(suffix)
  if (Buffer.byteLength(stem) <= room) return stem + suffix
  let bytes = 0
  let kept = ''
  for (const character of stem) {
    bytes += Buffer.byteLength(character)
    if (bytes > room) break
    kept += character
  }
  return kept + suffix
}

/** The n-th name for a path: itself, then `name (2).ext`, `name (3).ext` ... */
export function numberedPath(target: string, n: number): string {
  if (n === 1) return target
  const { dir, name, ext } = path.parse(target)
  return path.join(dir, fitName(name, ` (${n})${ext}`))
}

/** A path's key for "the same file on some system": letter case and Unicode form do not count. */
export function pathKey(target: string): string {
  return target.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')
}

/** Whether `target` lies inside `folder` (not the folder itself). `/out-evil` is not inside `/out`. */
export function isInside(folder: string, target: string): boolean {
  const relative = path.relative(folder, target)
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}
