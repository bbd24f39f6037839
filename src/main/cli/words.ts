import path from 'node:path'

// Control characters, and those that turn the direction of text: a file's name must not drive the terminal.
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/gu

/** A name or message as it may be printed. */
export function printable(text: string): string {
  return text.replace(UNSAFE, '\ufffd')
}

/** A path as a person would write it from here, printable. */
export function shownPath(full: string): string {
  const relative = path.relative(process.cwd(), full)
  return printable(relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? full : relative)
}

/** `8 s`, `3 min 20 s`, `1 h 05 min`. */
export function spokenDuration(sec: number): string {
  const whole = Math.round(sec)
  if (sec < 10) return `${sec.toFixed(1)} s`
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`
}

/** `35x real time`, `1.7x real time`. */
export function spokenRate(rate: number): string {
  return `${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)}x real time`
}

/** `1 file`, `2 files`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** Cuts a line to so many terminal columns; wide scripts count double. */
export function cutToWidth(text: string, columns: number): string {
  let width = 0
  let kept = ''
  for (const character of text) {
    width += character.codePointAt(0)! >= 0x1100 ? 2 : 1
    if (width > columns) break
    kept += character
  }
  return kept
}

function pad(n: number): string {
  return String(n).padStart(2, '0')
}
