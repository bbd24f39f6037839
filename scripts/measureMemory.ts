import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { convertStateDict } from '../src/engine/model/convert'
import { formulaStateDict } from '../src/engine/model/formulaWeights'
import type { EngineSettings } from '../src/engine/protocol'
import { availableBytes } from '../src/main/core/metricsSampler'
import { calibrate, CALIBRATION_SHAPES, measureShape } from '../src/main/memory/calibrate'
import { fitForecast } from '../src/main/memory/fit'
import type { MeasuredPoint } from '../src/main/memory/memoryBook'
import { sameShape, type Shape } from '../src/main/memory/shape'
import { Catalog } from '../src/main/models/catalog'
import { openEngine } from './bench/runs'
import { projectRoot } from './projectRoot'

/**
 * Peak memory and speed, shape by shape, each in an engine of its own: `npm run measure:memory -- [--write] [--full]`. For the bundled
 * model `--write` puts the figures into models/catalog.json; `--full` measures the full-size network instead. Beside each peak stands
 * what four short runs forecast for it, and what all the other shapes do.
 */
const MB = 1e6
const JOINS = { carried: [0.25, 0.5, 1, 2, 5, 10], overlap: [1, 2, 5, 10] } as const
const MOST_LANE_SEC = { lite: 20, full: 2 } as const

const { values } = parseArgs({ options: { write: { type: 'boolean' }, full: { type: 'boolean' } } })
const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-measure-'))
const options = { open: openEngine, folder, availableBytes: availableBytes(), signal: new AbortController().signal }

function shapesOf(join: keyof typeof JOINS, mostLaneSec: number): Shape[] {
  return [1, 2, 4, 8].flatMap((batch) =>
    JOINS[join].map((chunkSec) => ({ chunkSec, batch })).filter((shape) => shape.chunkSec * batch <= mostLaneSec)
  )
}

async function filesOf(full: boolean): Promise<{ readonly onePassPath: string; readonly statefulPath: string }> {
  if (!full) {
    const models = path.join(projectRoot, 'models')
    return {
      onePassPath: path.join(models, 'frcrn-lite.onnx'),
      statefulPath: path.join(models, 'frcrn-lite.stateful.onnx')
    }
  }
  const onePassPath = path.join(folder, 'full.onnx')
  const { statefulPath } = await convertStateDict(formulaStateDict({ channels: 128, cascade: 2 }), onePassPath)
  return { onePassPath, statefulPath }
}

async function measureJoin(settings: EngineSettings, mostLaneSec: number): Promise<MeasuredPoint[]> {
  const quick = await calibrate(settings, options)
  const forecast = fitForecast(quick)!
  const points: MeasuredPoint[] = []
  for (const shape of shapesOf(settings.join, mostLaneSec)) {
    const fileSec = values.full ? Math.max(1.1, 1.1 * shape.chunkSec) : Math.max(9, 2.5 * shape.chunkSec)
    points.push(await measureShape({ ...settings, ...shape }, folder, { ...options, fileSec }))
    const { peakBytes, speed } = points.at(-1)!
    console.log(
      `${settings.join} ${shape.chunkSec} s x ${shape.batch}: ${(peakBytes / MB).toFixed(1)} MB, ` +
        `${speed?.toFixed(1)} x real time; by ${CALIBRATION_SHAPES.length} short runs ${percent(forecast(shape), peakBytes)}`
    )
  }
  for (const point of points) {
    const others = fitForecast(points.filter((other) => !sameShape(other, point)))!
    console.log(
      `${settings.join} ${point.chunkSec} s x ${point.batch}: by all others ${percent(others(point), point.peakBytes)}`
    )
  }
  return points
}

function percent(forecast: number, peak: number): string {
  return `${forecast >= peak ? '+' : ''}${(100 * (forecast / peak - 1)).toFixed(1)} %`
}

const files = await filesOf(values.full ?? false)
const settings: EngineSettings = {
  model: { ...files, onePassSha256: null, statefulSha256: null },
  ...{
    fullModel: null,
    device: 'cpu',
    join: 'carried',
    chunkSec: 1,
    overlapSec: 0.5,
    batch: 1,
    threads: null,
    ffmpegPath: null
  }
}
try {
  const carried = await measureJoin(settings, MOST_LANE_SEC[values.full ? 'full' : 'lite'])
  const overlap = values.full ? [] : await measureJoin({ ...settings, join: 'overlap' }, MOST_LANE_SEC.lite)
  if (values.write && !values.full) writeCatalog({ carried, overlap })
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function writeCatalog(points: Readonly<Record<'carried' | 'overlap', readonly MeasuredPoint[]>>): void {
  const catalogPath = path.join(projectRoot, 'models/catalog.json')
  const catalog = JSON.parse(readFileSync(catalogPath, 'utf8')) as { models: { id: string; memory?: unknown }[] }
  const figures = (list: readonly MeasuredPoint[]): object[] =>
    list.map(({ chunkSec, batch, peakBytes, speed }) => {
      const rounded = speed === null ? null : Math.round(speed * 10) / 10
      return { chunkSec, batch, peakMb: Math.round(peakBytes / 1e5) / 10, speed: rounded }
    })
  catalog.models[0]!.memory = { carried: figures(points.carried), overlap: figures(points.overlap) }
  Catalog.parse(catalog)
  writeFileSync(catalogPath, `${JSON.stringify(catalog, null, 2)}\n`)
}
