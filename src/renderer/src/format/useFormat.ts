import { currentLocale } from '../i18n'
import { formatClock, formatMoment, formatSpan, formatTimeLeft } from './durations'
import { formatBytes, formatDecibels, formatNumber, formatPercent, formatRate, formatSpeed } from './numbers'

/** The formatters in the language of the window. Read inside a template or a `computed`, they follow a change of language. */
export interface Format {
  readonly number: (value: number, digits?: number) => string
  readonly percent: (fraction: number) => string
  readonly bytes: (bytes: number) => string
  readonly rate: (hertz: number) => string
  readonly speed: (speed: number | null) => string
  readonly decibels: (decibels: number) => string
  readonly clock: (sec: number | null) => string
  readonly span: (sec: number) => string
  readonly timeLeft: (sec: number) => string
  readonly moment: (iso: string) => string
}

const format: Format = {
  number: (value, digits) => formatNumber(value, currentLocale(), digits),
  percent: (fraction) => formatPercent(fraction, currentLocale()),
  bytes: (bytes) => formatBytes(bytes, currentLocale()),
  rate: (hertz) => formatRate(hertz, currentLocale()),
  speed: (speed) => formatSpeed(speed, currentLocale()),
  decibels: (decibels) => formatDecibels(decibels, currentLocale()),
  clock: (sec) => formatClock(sec, currentLocale()),
  span: (sec) => formatSpan(sec, currentLocale()),
  timeLeft: (sec) => formatTimeLeft(sec, currentLocale()),
  moment: (iso) => formatMoment(iso, currentLocale())
}

export function useFormat(): Format {
  return format
}
