import uPlot from 'uplot'
import type { FileMark } from '../../../../shared/ipc/memoryViews'
import { LINES, type Columns, type LineId } from '../../memory/samples'
import type { Span } from '../../memory/view'
import { drawOverlays, type Level } from './overlays'
import type { Palette } from './palette'

/** All that one drawing needs. */
export interface Frame {
  readonly columns: Columns
  readonly span: Span
  readonly topBytes: number
  readonly byteTicks: readonly number[]
  readonly byteText: (bytes: number) => string
  readonly timeTicks: readonly number[]
  readonly timeText: (atSec: number) => string
  readonly hidden: ReadonlySet<LineId>
  readonly levels: readonly Level[]
  readonly marks: readonly FileMark[]
}

/** Where the pointer or the keyboard is: the point's index in the frame's columns, CSS pixels of the plot's area. */
export interface Hover {
  readonly index: number
  readonly left: number
  readonly plotWidth: number
  readonly plotLeft: number
}

export interface PlotEvents {
  readonly onHover: (hover: Hover | null) => void
  readonly onPick: (span: Span) => void
  readonly onWheel: (about: { readonly centreSec: number; readonly factor: number }) => void
  readonly onReset: () => void
}

const DASHES: Readonly<Record<LineId, number[]>> = { engine: [], app: [], gpuOurs: [7, 3], gpuOthers: [2, 3] }
const WHEEL_STEP = 1.25
const Y_AXIS_PX = 62
/** Shorter drags are clicks. */
const LEAST_DRAG_PX = 6

/** uPlot, told what to draw; it decides nothing itself. */
export class MemoryPlot {
  private readonly plot: uPlot
  private frame: Frame
  private palette: Palette

  constructor(
    target: HTMLElement,
    private readonly events: PlotEvents,
    first: { readonly frame: Frame; readonly palette: Palette }
  ) {
    this.frame = first.frame
    this.palette = first.palette
    const { width, height } = sizeOf(target)
    this.plot = new uPlot({ width, height, ...this.options() }, this.data(), target)
    this.plot.over.addEventListener('wheel', this.wheel, { passive: false })
    this.draw(first.frame)
  }

  draw(frame: Frame): void {
    this.frame = frame
    const { plot } = this
    plot.batch(() => {
      LINES.forEach((line, n) => {
        const show = !frame.hidden.has(line)
        if (plot.series[n + 1]?.show !== show) plot.setSeries(n + 1, { show })
      })
      plot.setData(this.data(), false)
      plot.setScale('x', { min: frame.span.fromSec, max: frame.span.toSec })
      plot.setScale('y', { min: 0, max: frame.topBytes })
    })
    this.tellHover()
  }

  /** After a change of the theme. */
  recolour(palette: Palette): void {
    this.palette = palette
    this.plot.redraw(false, true)
  }

  resize(target: HTMLElement): void {
    this.plot.setSize(sizeOf(target))
  }

  /** The cursor to a point, as the keyboard does it; null takes it away. */
  pointAt(index: number | null): void {
    const atSec = index === null ? undefined : this.frame.columns.xs[index]
    const left = atSec === undefined ? -10 : this.plot.valToPos(atSec, 'x')
    this.plot.setCursor({ left, top: atSec === undefined ? -10 : 1 }, true)
  }

  destroy(): void {
    this.plot.over.removeEventListener('wheel', this.wheel)
    this.plot.destroy()
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault()
    const left = event.clientX - this.plot.over.getBoundingClientRect().left
    const factor = event.deltaY > 0 ? WHEEL_STEP : 1 / WHEEL_STEP
    this.events.onWheel({ centreSec: this.plot.posToVal(left, 'x'), factor })
  }

  private data(): uPlot.AlignedData {
    return [this.frame.columns.xs, ...this.frame.columns.ys.map((values) => [...values])]
  }

  private options(): Omit<uPlot.Options, 'width' | 'height'> {
    return {
      legend: { show: false },
      padding: [8, 12, 0, 0],
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      series: [{}, ...LINES.map((line) => this.series(line))],
      axes: [this.timeAxis(), this.byteAxis()],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG_PX },
        points: { size: 7 },
        bind: {
          dblclick: () => () => {
            this.events.onReset()
            return null
          }
        }
      },
      hooks: {
        setCursor: [this.tellHover],
        setSelect: [this.tellPick],
        draw: [
          (plot) => {
            drawOverlays(plot, { levels: this.frame.levels, marks: this.frame.marks, palette: this.palette })
          }
        ]
      }
    }
  }

  private series(line: LineId): uPlot.Series {
    return {
      label: line,
      scale: 'y',
      width: line === 'engine' ? 2 : 1.5,
      stroke: () => this.palette.lines[line],
      dash: DASHES[line],
      points: { show: false },
      ...(line === 'engine' ? { fill: () => this.palette.engineFill } : {})
    }
  }

  private axis(): uPlot.Axis {
    return {
      stroke: () => this.palette.muted,
      font: this.palette.font,
      grid: { stroke: () => this.palette.grid, width: 1 },
      ticks: { stroke: () => this.palette.axis, width: 1, size: 4 },
      gap: 4
    }
  }

  private timeAxis(): uPlot.Axis {
    return {
      ...this.axis(),
      size: 26,
      splits: () => [...this.frame.timeTicks],
      values: (_, splits) => splits.map((at) => this.frame.timeText(at))
    }
  }

  private byteAxis(): uPlot.Axis {
    return {
      ...this.axis(),
      size: Y_AXIS_PX,
      splits: () => [...this.frame.byteTicks],
      values: (_, splits) => splits.map((bytes) => this.frame.byteText(bytes))
    }
  }

  private readonly tellHover = (): void => {
    const { idx, left } = this.plot.cursor
    if (idx === null || idx === undefined || left === undefined || left < 0) {
      this.events.onHover(null)
      return
    }
    const plotLeft = this.plot.bbox.left / uPlot.pxRatio
    this.events.onHover({ index: idx, left, plotLeft, plotWidth: this.plot.bbox.width / uPlot.pxRatio })
  }

  private readonly tellPick = (plot: uPlot): void => {
    const { left, width } = plot.select
    if (width < LEAST_DRAG_PX) return
    const span = { fromSec: plot.posToVal(left, 'x'), toSec: plot.posToVal(left + width, 'x') }
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.events.onPick(span)
  }
}

function sizeOf(target: HTMLElement): { width: number; height: number } {
  return { width: Math.max(80, target.clientWidth), height: Math.max(60, target.clientHeight) }
}
