import { fillWords, MESSAGES, type Locale } from '../../../shared/i18n/messages'
import { formatNumber } from './numbers'

/** Length of a recording as a clock: `0:07`, `4:31`, `1:02:45`. Null where the header does not tell. */
export function formatClock(sec: number | null, locale: Locale): string {
  if (sec === null || !Number.isFinite(sec)) return MESSAGES[locale].units.unknown
  // What has sound is not 0:00.
  const whole = sec > 0 ? Math.max(1, Math.round(sec)) : 0
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  const tail = `:${pad(whole % 60)}`
  return hours > 0 ? `${hours}:${pad(minutes)}${tail}` : `${minutes}${tail}`
}

/** A span in words, two units at most: `0.5 s`, `42 s`, `4 min 31 s`, `2 h 5 min`. */
export function formatSpan(sec: number, locale: Locale): string {
  const { units } = MESSAGES[locale]
  const word = (sentence: string, value: number, digits = 0): string =>
    fillWords(sentence, { n: formatNumber(value, locale, digits) })
  if (sec < 9.95) return word(units.seconds, sec, sec < 1 ? 2 : 1)
  const whole = Math.round(sec)
  if (whole < 60) return word(units.seconds, whole)
  if (whole < 3600) return two(word(units.minutes, Math.floor(whole / 60)), word(units.seconds, whole % 60), whole % 60)
  const minutes = Math.round(whole / 60)
  return two(word(units.hours, Math.floor(minutes / 60)), word(units.minutes, minutes % 60), minutes % 60)
}

/** Time that is left, `4 min 31 s`; whole seconds, and from ten minutes on whole minutes, so that it does not flicker. */
export function formatTimeLeft(sec: number, locale: Locale): string {
  const { units } = MESSAGES[locale]
  if (sec < 1) return units.soon
  const calm = sec >= 600 ? Math.round(sec / 60) * 60 : Math.max(1, Math.round(sec))
  return formatSpan(calm, locale)
}

/** A moment of ISO 8601 in local time: `23 Nov 2026, 14:05`. */
export function formatMoment(iso: string, locale: Locale): string {
  // English with the day first: it can be read in one way only.
  const tag = locale === 'en' ? 'en-GB' : locale
  return new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
}

/** The smaller unit is left out where it is nought. */
function two(first: string, second: string, secondValue: number): string {
  return secondValue === 0 ? first : `${first} ${second}`
}

function pad(n: number): string {
  return String(n).padStart(2, '0')
}
