import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Metrics } from '../../../../shared/ipc/memoryViews'
import { useFormat } from '../../format/useFormat'
import { currentLocale } from '../../i18n'
import { formatNumber } from '../../format/numbers'
import { columnsOf, highestOf, limitOf, LINES, type Columns, type LineId } from '../../memory/samples'
import { axisUnit, byteTicks, scaleOf } from '../../memory/scale'
import { agoText, clockText, timeTicks } from '../../memory/timeAxis'
import { spanOf, type Span } from '../../memory/view'
import { useMemory } from '../../stores/memory'
import { usePreflight } from '../../stores/preflight'
import type { Frame } from './memoryPlot'
import type { Level } from './overlays'
import type { Palette } from './palette'
import { useLineWords } from './useLineWords'

/** A name at the graph's upper edge, of what lies above the scale. */
export interface Above {
  readonly id: LineId | 'limit'
  readonly text: string
}

export interface GraphFrame {
  readonly frame: Frame
  readonly above: readonly Above[]
}

/** A mark of the time axis for every so many pixels. */
const TIME_TICK_PX = 78
const TICKS_HIGH = 5
const TICKS_LOW = 3
const LOW_PX = 150

/** What the graph draws now: the part of the ring that is looked at, its scale, its level lines. */
export function useGraphFrame(
  palette: () => Palette,
  size: () => { readonly width: number; readonly height: number }
): ComputedRef<GraphFrame> {
  const { t } = useI18n()
  const format = useFormat()
  const memory = useMemory()
  const preflight = usePreflight()
  const words = useLineWords()

  const limitBytes = computed(() => (memory.last ? limitOf(memory.last) : null))

  function levels(topBytes: number): Level[] {
    const forecast = preflight.forecastBytes
    const { forecast: colour, limit } = palette()
    const all: (Level | null)[] = [
      forecast === null
        ? null
        : { bytes: forecast, text: t('memory.forecastLine', { size: format.bytes(forecast) }), colour, dash: [6, 4] },
      limitBytes.value === null
        ? null
        : {
            bytes: limitBytes.value,
            text: t('memory.limitLine', { size: format.bytes(limitBytes.value) }),
            colour: limit,
            dash: []
          }
    ]
    return all.filter((level): level is Level => level !== null && level.bytes <= topBytes)
  }

  const timeText = (span: Span, lengthSec: number) => (atSec: number) => {
    if (memory.view.kind === 'live') return agoText(span.toSec - atSec) || t('memory.now')
    const clock = clockText(atSec)
    return lengthSec > 600 ? clock.slice(0, 5) : clock
  }

  const byteText = (ticks: readonly number[]) => (bytes: number) => {
    const { gigabytes, digits } = axisUnit(ticks)
    const value = formatNumber(bytes / (gigabytes ? 1e9 : 1e6), currentLocale(), digits)
    return bytes === 0 ? '0' : t(gigabytes ? 'units.gigabytes' : 'units.megabytes', { n: value })
  }

  function aboveTexts(above: readonly (LineId | 'limit')[], last: Metrics | null): Above[] {
    return above.map((id) => {
      const bytes = id === 'limit' ? limitBytes.value : (words.last(id, last) ?? null)
      const line = id === 'limit' ? t('memory.limit') : words.name(id)
      return { id, text: `${line} ${bytes === null ? '' : format.bytes(bytes)}` }
    })
  }

  return computed(() => {
    const samples = memory.revision >= 0 ? memory.samples() : []
    const { last, hidden, view } = memory
    const span = spanOf(view, (last?.atMs ?? Date.now()) / 1000)
    const columns = columnsOf(samples, span.fromSec, span.toSec)
    const { topBytes, above } = scaleOf({
      choice: memory.scale,
      highest: shownOnly(highestOf(columns), hidden),
      forecastBytes: preflight.forecastBytes,
      limitBytes: limitBytes.value,
      totalBytes: last?.totalBytes ?? null
    })
    const { width, height } = size()
    const ticks = byteTicks(topBytes, height < LOW_PX ? TICKS_LOW : TICKS_HIGH)
    const frame: Frame = {
      columns,
      span,
      topBytes,
      byteTicks: ticks,
      byteText: byteText(ticks),
      timeTicks: timeTicks(view, span, Math.max(2, Math.floor(width / TIME_TICK_PX))),
      timeText: timeText(span, span.toSec - span.fromSec),
      hidden,
      levels: levels(topBytes),
      marks: memory.marks().filter(({ atMs }) => isWithin(atMs / 1000, span))
    }
    return { frame, above: aboveTexts(above, lastOf(columns)) }
  })
}

function shownOnly(
  highest: Readonly<Record<LineId, number | null>>,
  hidden: ReadonlySet<LineId>
): Record<LineId, number | null> {
  return Object.fromEntries(LINES.map((line) => [line, hidden.has(line) ? null : highest[line]])) as Record<
    LineId,
    number | null
  >
}

function lastOf({ rows }: Columns): Metrics | null {
  return rows.findLast((row) => row !== null) ?? null
}

function isWithin(atSec: number, { fromSec, toSec }: Span): boolean {
  return atSec >= fromSec && atSec <= toSec
}
