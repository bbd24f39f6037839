import { LOCALES, MESSAGES, type Locale } from '../../shared/i18n/messages'
import { PAGE_STYLE } from './pageStyle'
import type { FileReport, ReportSettings, RunReport } from './runReport'

type ReportWords = (typeof MESSAGES)['en']['report']

/** Of each language the same place in the words. */
type Pick = (words: ReportWords) => string

/**
 * A page that a person can read: one file, no script, nothing from elsewhere. It holds both languages, and a switch between them
 * that is style alone; it begins in `locale`.
 */
export function reportPage(report: RunReport, locale: Locale): string {
  const switches = LOCALES.map(
    (each) =>
      `<input type="radio" name="lang" id="lang-${each}"${each === locale ? ' checked' : ''}>` +
      `<label for="lang-${each}" lang="${each}">${each === 'en' ? 'English' : '中文'}</label>`
  )
  return [
    '<!doctype html>',
    `<html lang="${locale}">`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(MESSAGES[locale].report.title)}</title>`,
    `<style>${PAGE_STYLE}</style>`,
    '</head>',
    '<body>',
    ...switches,
    '<main>',
    `<h1>${both((words) => words.title)}</h1>`,
    summary(report),
    fileTable(report),
    `<h2>${both((words) => words.settings)}</h2>`,
    settingsList(report),
    `<p class="small">${both((words) => words.explained)}</p>`,
    `<p class="small">Stillwave ${escaped(report.version)}</p>`,
    '</main>',
    '</body>',
    '</html>',
    ''
  ].join('\n')
}

function summary({ totals, files }: RunReport): string {
  const gains = files.flatMap(({ snrGainDb }) => (snrGainDb === null ? [] : [snrGainDb])).sort((a, b) => a - b)
  const middle = gains[Math.floor((gains.length - 1) / 2)]
  const speed = totals.rtf === null || totals.rtf === 0 ? null : `${(1 / totals.rtf).toFixed(1)}×`
  const facts: readonly (readonly [Pick, string | null])[] = [
    [(words) => words.states.done, String(totals.done)],
    [(words) => words.states.failed, totals.failed > 0 ? String(totals.failed) : null],
    [(words) => words.states.skipped, totals.skipped > 0 ? String(totals.skipped) : null],
    [(words) => words.states.cancelled, totals.cancelled > 0 ? String(totals.cancelled) : null],
    [(words) => words.audio, length(totals.audioSec)],
    [(words) => words.time, totals.wallSec === null ? null : length(totals.wallSec)],
    [(words) => words.speed, speed],
    [(words) => words.medianGain, middle === undefined ? null : signed(middle)],
    [(words) => words.memory, totals.peakRssBytes > 0 ? megabytes(totals.peakRssBytes) : null]
  ]
  const cells = facts.flatMap(([label, value]) =>
    value === null ? [] : [`<div><dt>${both(label)}</dt><dd>${escaped(value)}</dd></div>`]
  )
  return `<dl class="summary">${cells.join('')}</dl>`
}

const HEADS: readonly Pick[] = [
  (words) => words.file,
  (words) => words.state,
  (words) => words.length,
  (words) => words.speed,
  (words) => words.floor,
  (words) => words.gain,
  (words) => words.level,
  (words) => words.peak,
  (words) => words.memory
]

function fileTable({ files }: RunReport): string {
  const heads = HEADS.map((head) => `<th scope="col">${both(head)}</th>`).join('')
  return `<div class="wide"><table><thead><tr>${heads}</tr></thead><tbody>\n${files.map(row).join('\n')}\n</tbody></table></div>`
}

function row(file: FileReport): string {
  const { durationSec, rtf, peakRssBytes, snrGainDb: gain, status } = file
  const numbers = [
    durationSec === null ? '' : length(durationSec),
    rtf === null || rtf === 0 ? '' : `${(1 / rtf).toFixed(1)}×`,
    change(file.noiseFloorBeforeDb, file.noiseFloorAfterDb),
    gain === null ? '' : signed(gain),
    change(file.levelBeforeDb, file.levelAfterDb),
    change(file.peakBeforeDb, file.peakAfterDb),
    peakRssBytes === null ? '' : megabytes(peakRssBytes)
  ]
  const said = notes(file)
  // Words need the width of the table, not a column of it.
  const note = said === '' ? '' : `\n<tr class="${status} note"><td colspan="${HEADS.length}">${said}</td></tr>`
  return (
    `<tr class="${status}${said === '' ? '' : ' noted'}"><th scope="row" title="${escaped(file.input)}"><bdi>${escaped(file.relativePath)}</bdi></th>` +
    `<td class="state">${both((words) => words.states[status])}</td>` +
    numbers.map((text) => `<td class="number">${escaped(text)}</td>`).join('') +
    `</tr>${note}`
  )
}

function notes({ error, warnings }: FileReport): string {
  const lines = warnings.map((code) => inLocales((locale) => MESSAGES[locale].warnings[code]))
  if (error === null) return lines.join('<br>')
  const { code, detail } = error
  const text = inLocales((locale) => `${MESSAGES[locale].errors[code].what} ${MESSAGES[locale].errors[code].next}`)
  return [text, ...(detail === null ? [] : [`<bdi class="small">${escaped(detail)}</bdi>`]), ...lines].join('<br>')
}

function settingsList({ settings, shard, device, precision }: RunReport): string {
  const all: ReportSettings = { ...settings, device: device ?? settings.device ?? null, shard }
  if (precision !== null) all.precision = precision
  const cells = Object.entries(all).flatMap(([name, value]) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return []
    return [`<div><dt>${settingName(name)}</dt><dd>${settingValue(value)}</dd></div>`]
  })
  return `<dl class="settings">${cells.join('')}</dl>`
}

/** One that this version does not know, from another's report, by the name it has there. */
function settingName(name: string): string {
  return inLocales((locale) => {
    const { settingNames } = MESSAGES[locale].report
    return name in settingNames ? settingNames[name as keyof typeof settingNames] : name
  })
}

function settingValue(value: NonNullable<ReportSettings[string]>): string {
  if (typeof value === 'boolean') return both(({ yes, no }) => (value ? yes : no))
  return `<bdi>${escaped(Array.isArray(value) ? value.join('  ') : String(value))}</bdi>`
}

function both(pick: Pick): string {
  return inLocales((locale) => pick(MESSAGES[locale].report))
}

/** The text in every language; the style shows one. */
function inLocales(text: (locale: Locale) => string): string {
  return LOCALES.map((locale) => `<span lang="${locale}">${escaped(text(locale))}</span>`).join('')
}

// Control characters, and those that turn the direction of the text around them: they are shown as what they are not.
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/gu
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

/** Any text as HTML text or as the value of an attribute. */
function escaped(text: string): string {
  return text.replace(UNSAFE, '\ufffd').replace(/[&<>"']/gu, (character) => ENTITIES[character]!)
}

function length(sec: number): string {
  const whole = Math.floor(sec)
  const two = (n: number): string => String(n).padStart(2, '0')
  if (sec < 60) return `${sec.toFixed(1)} s`
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)}:${rest}`
}

function change(before: number | null, after: number | null): string {
  return before === null || after === null ? '' : `${decibels(before)} → ${decibels(after)}`
}

function decibels(value: number): string {
  return value.toFixed(1).replace('-', '−')
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${decibels(value)} dB`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
