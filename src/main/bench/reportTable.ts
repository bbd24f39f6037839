import { benchFigure } from '../../shared/ipc/benchFigures'
import { PUBLISHED, type BenchCell, type BenchReport, type BenchRow } from '../../shared/ipc/benchViews'

const TREATMENTS: Readonly<Record<BenchReport['material']['treatment'], string>> = {
  whole: '',
  looped: ', repeated',
  cut: ', the beginning'
}

/** A report as a Markdown table: what `npm run bench` prints and the app exports. Pure. */
export function reportTable(report: BenchReport): string {
  const { machine, material, model, device } = report
  const memory = `${(machine.memoryBytes / 1e9).toFixed(0)} GB`
  const head = [
    `# Stillwave ${report.app}, measured ${report.at}`,
    '',
    `${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.platform}; ${model} on ${device}`,
    '',
    `${material.name}: ${benchFigure(material.audioSec, 's')} of speech, mono at 16 kHz${TREATMENTS[material.treatment]}`,
    ''
  ]
  const rows = report.rows.map((row) => [
    labelOf(row, report),
    ...[row.naive, row.stillwave, row.article].map((cell) => cellText(cell, row.unit)),
    publishedText(row)
  ])
  const foot = ['', 'Published: FRCRN in PyTorch on a GPU, 5 minutes, before and after. Not measured here.', '']
  return [...head, ...aligned([['', 'naive', 'Stillwave', '2 s / 0.5 s', 'published'], ...rows]), ...foot].join('\n')
}

function labelOf({ id }: BenchRow, { growthFiles }: BenchReport): string {
  const labels: Readonly<Record<BenchRow['id'], string>> = {
    peakRss: 'peak memory',
    wallTime: 'wall time',
    cpuTime: 'CPU time',
    growth: `growth over ${growthFiles} files`,
    siSdr: 'SI-SDR against the clean track',
    stoi: 'STOI',
    agreement: 'SNR against the naive result'
  }
  return labels[id]
}

function cellText(cell: BenchCell, unit: BenchRow['unit']): string {
  if (typeof cell === 'number') return benchFigure(cell, unit)
  if (cell.why === 'tooLarge') {
    return cell.expectedBytes === null ? 'too large' : `too large (~${benchFigure(cell.expectedBytes, 'bytes')})`
  }
  return { notRun: 'not run', noReference: 'no clean track', notMeasured: '-' }[cell.why]
}

function publishedText({ id }: BenchRow): string {
  const { peakMb, wallSec, growthMb } = PUBLISHED
  if (id === 'peakRss') return `${peakMb.before} -> ${peakMb.after} MB`
  if (id === 'wallTime') return `${wallSec.before} -> ${wallSec.after} s`
  return id === 'growth' ? `${growthMb.before} -> ${growthMb.after} MB` : ''
}

/** A Markdown table whose columns line up as plain text, the first to the left, the others to the right. */
function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = lines[0]!.map((_, column) => Math.max(3, ...lines.map((line) => line[column]!.length)))
  const padded = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  const text = (cells: readonly string[]): string => `| ${cells.map(padded).join(' | ')} |`
  return [text(lines[0]!), text(rule), ...lines.slice(1).map(text)]
}
