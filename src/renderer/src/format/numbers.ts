import { fillWords, MESSAGES, type Locale } from '../../../shared/i18n/messages'

const formats = new Map<string, Intl.NumberFormat>()

/** One `Intl.NumberFormat` for each locale and number of digits: ten thousand rows share them. */
function format(locale: Locale, digits: number, least = 0): Intl.NumberFormat {
  const key = `${locale} ${digits} ${least}`
  let made = formats.get(key)
  if (!made) {
    made = new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: least })
    formats.set(key, made)
  }
  return made
}

/** `1,234`, `2.75`: at most so many digits after the point. */
export function formatNumber(value: number, locale: Locale, digits = 0): string {
  return format(locale, digits).format(value)
}

/** `37%` of a fraction 0 to 1. Rounded down: only what is whole is 100 %. */
export function formatPercent(fraction: number, locale: Locale): string {
  return `${format(locale, 0).format(Math.floor(Math.min(Math.max(fraction, 0), 1) * 100 + 1e-9))}%`
}

const BYTE_STEPS = [
  ['gigabytes', 1e9],
  ['megabytes', 1e6],
  ['kilobytes', 1e3]
] as const

/** `124 MB`, `2.6 MB`, `980 B`; powers of ten, as disks and system monitors count. */
export function formatBytes(bytes: number, locale: Locale): string {
  const { units } = MESSAGES[locale]
  // What would round to 1000 of a unit is one of the next.
  const [unit, size] = BYTE_STEPS.find(([, least]) => bytes >= least * 0.9995) ?? (['bytes', 1] as const)
  const value = bytes / size
  return fillWords(units[unit], { n: formatNumber(value, locale, value < 10 && size > 1 ? 1 : 0) })
}

/** `16 kHz`, `44.1 kHz`, `11.025 kHz`, `800 Hz`. */
export function formatRate(hertz: number, locale: Locale): string {
  const { units } = MESSAGES[locale]
  if (hertz < 1000) return fillWords(units.hertz, { n: formatNumber(hertz, locale) })
  return fillWords(units.kilohertz, { n: formatNumber(hertz / 1000, locale, 3) })
}

/** `12.3×` real time, `0.84×`, `140×`; null where nothing was measured yet. */
export function formatSpeed(speed: number | null, locale: Locale): string {
  const { units } = MESSAGES[locale]
  if (speed === null || !Number.isFinite(speed)) return units.unknown
  const digits = speed >= 99.95 ? 0 : speed >= 0.995 ? 1 : 2
  return fillWords(units.speed, { n: format(locale, digits, digits).format(speed) })
}

/** `12 dB`, `6.5 dB`. */
export function formatDecibels(decibels: number, locale: Locale): string {
  return fillWords(MESSAGES[locale].units.decibels, { n: formatNumber(decibels, locale, decibels < 10 ? 1 : 0) })
}
