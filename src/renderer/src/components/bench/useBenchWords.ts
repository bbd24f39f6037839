import { useI18n } from 'vue-i18n'
import { benchFigure } from '../../../../shared/ipc/benchFigures'
import type { BenchCell, BenchReport, BenchRow, BenchRowId } from '../../../../shared/ipc/benchViews'
import { PUBLISHED } from '../../../../shared/ipc/benchViews'
import { useFormat } from '../../format/useFormat'
import { useApp } from '../../stores/app'
import { useDeviceName } from '../memory/useDeviceName'

export interface CellWords {
  readonly text: string
  /** The report's own number; null where there is none. */
  readonly value: number | null
}

export interface BenchWords {
  readonly cell: (cell: BenchCell, unit: BenchRow['unit']) => CellWords
  /** How many times less or more Stillwave takes than the naive way; null where that means nothing. */
  readonly ratio: (row: BenchRow) => string | null
  /** Before and after of the published account; null for rows that it has nothing on. */
  readonly published: (id: BenchRowId) => string | null
  readonly machine: (
    report: BenchReport
  ) => readonly { readonly id: string; readonly label: string; readonly text: string }[]
}

const MOST_TIMES = 100
/** Rows in which less is better and a quotient says something. */
const QUOTIENTS: readonly BenchRowId[] = ['peakRss', 'wallTime', 'cpuTime', 'growth']

/** Naive over Stillwave; null where one of them has no figure or nothing can be divided. */
export function ratioOf({ id, naive, stillwave }: BenchRow): number | null {
  if (!QUOTIENTS.includes(id) || typeof naive !== 'number' || typeof stillwave !== 'number') return null
  return naive > 0 && stillwave > 0 ? naive / stillwave : null
}

export function useBenchWords(): BenchWords {
  const { t, d } = useI18n()
  const format = useFormat()
  const app = useApp()
  const deviceName = useDeviceName()

  /** The report has the id; a model that is gone from the list goes by that. */
  const modelName = (id: string): string => app.models.find((model) => model.id === id)?.name ?? id

  function cell(it: BenchCell, unit: BenchRow['unit']): CellWords {
    if (typeof it === 'number') return { text: benchFigure(it, unit), value: it }
    if (it.why === 'tooLarge' && it.expectedBytes !== null) {
      return { text: t('bench.why.tooLargeAbout', { size: format.bytes(it.expectedBytes) }), value: null }
    }
    return { text: t(`bench.why.${it.why}`), value: null }
  }

  function ratio(row: BenchRow): string | null {
    const times = ratioOf(row)
    if (times === null) return null
    const less = times >= 1
    const factor = less ? times : 1 / times
    // What is left over is a few pages: how many times fits in it says nothing more.
    if (factor > MOST_TIMES) return t(less ? 'bench.muchLess' : 'bench.muchMore', { n: MOST_TIMES })
    const shown = format.number(factor, factor < 9.95 ? 1 : 0)
    if (shown === format.number(1)) return t('bench.same')
    return t(less ? 'bench.less' : 'bench.more', { n: shown })
  }

  function published(id: BenchRowId): string | null {
    const arrow = (before: string, after: string): string => t('bench.arrow', { before, after })
    const megabytes = (n: number, sign = ''): string => sign + t('units.megabytes', { n: format.number(n) })
    const sec = (n: number): string => t('units.seconds', { n: format.number(n) })
    const { peakMb, wallSec, growthMb } = PUBLISHED
    if (id === 'peakRss') return arrow(megabytes(peakMb.before), megabytes(peakMb.after))
    if (id === 'wallTime') return arrow(sec(wallSec.before), sec(wallSec.after))
    if (id === 'growth') return arrow(megabytes(growthMb.before, '+'), megabytes(growthMb.after, '+'))
    return null
  }

  const machine: BenchWords['machine'] = ({ machine: one, material, model, device, at, app: version }) => [
    {
      id: 'machine',
      label: t('bench.machine'),
      text: `${t('bench.machineLine', { cpu: one.cpu, cores: one.cores, memory: format.bytes(one.memoryBytes) }, one.cores)} · ${one.platform}`
    },
    {
      id: 'material',
      label: t('bench.materialLabel'),
      text: `${t('bench.materialLine', { name: material.name, time: format.span(material.audioSec) })} · ${t(`bench.treatments.${material.treatment}`)}`
    },
    {
      id: 'model',
      label: t('bench.model'),
      text: t('bench.modelLine', { model: modelName(model), device: deviceName(device) })
    },
    {
      id: 'made',
      label: t('bench.madeBy'),
      text: t('bench.madeByLine', {
        date: d(new Date(at), { dateStyle: 'medium', timeStyle: 'short' }),
        version
      })
    }
  ]
  return { cell, ratio, published, machine }
}
