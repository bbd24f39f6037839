import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { reportTable } from '../../src/main/bench/reportTable'
import { layoutOf } from '../../src/main/layout'
import { DEVICES, type Device } from '../../src/shared/settings/choices'
import { projectRoot } from '../projectRoot'
import { measureGraphCost } from './graphCost'
import { lanesSection, type LanesPlan } from './lanes'
import { benchSource, noisyOf } from './material'
import { lite, settingsFor } from './runs'
import { formatSection, type Section } from './table'
import { fullSizeSection, lengthSection, liteReport, timeSection, type Plan } from './sections'

/**
 * `npm run bench [-- --quick] [-- --only-lanes] [-- --device DEVICE] [-- --json FILE]`: what the usual way costs and what Stillwave costs, on this machine, from one
 * run and on the same noisy speech. All figures are measured; none is a threshold.
 */
const FULL: Omit<Plan, 'folder' | 'version' | 'device'> = {
  liteSec: 300,
  growthFiles: 20,
  fullShortSec: 10,
  fullLongSec: 30,
  fullFileSec: 300,
  shortFileSec: 600,
  longFileSec: 7200,
  timeSec: 120
}

const QUICK: Omit<Plan, 'folder' | 'version' | 'device'> = {
  liteSec: 60,
  growthFiles: 8,
  fullShortSec: 4,
  fullLongSec: 8,
  fullFileSec: 20,
  shortFileSec: 60,
  longFileSec: 720,
  timeSec: 60
}

const LANES: Omit<LanesPlan, 'folder'> = { files: 40, longestSec: 60, batch: 8 }
const QUICK_LANES: Omit<LanesPlan, 'folder'> = { files: 12, longestSec: 6, batch: 4 }

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      'only-lanes': { type: 'boolean' },
      device: { type: 'string', default: 'cpu' },
      json: { type: 'string' }
    }
  })
  const device = deviceNamed(values.device)
  const folder = mkdtempSync(join(tmpdir(), 'stillwave-bench-'))
  const { version } = layoutOf(join(projectRoot, 'out/main'))
  const plan: Plan = { ...(values.quick ? QUICK : FULL), folder, version, device }
  const lanes = (noisy: Float32Array): Promise<Section> =>
    lanesSection({ ...(values.quick ? QUICK_LANES : LANES), folder }, settingsFor(lite, device), noisy)
  try {
    const source = await benchSource()
    if (values['only-lanes']) {
      const section = await lanes(await noisyOf(source))
      console.log(formatSection(section))
      if (values.json) writeFileSync(values.json, `${JSON.stringify({ sections: [section] }, null, 2)}\n`)
      return
    }
    const report = await liteReport(plan, source)
    console.log(reportTable(report))
    const noisy = await noisyOf(source)
    const sections: Section[] = []
    const measures = [fullSizeSection, lengthSection, timeSection].map((measure) => () => measure(plan, noisy))
    for (const measure of [...measures, () => lanes(noisy)]) {
      const section = await measure()
      sections.push(section)
      console.log(`${formatSection(section)}\n`)
    }
    // Counted in CPU time.
    const graph = device === 'cpu' ? await graphCost() : null
    if (values.json)
      writeFileSync(
        values.json,
        `${JSON.stringify({ quick: values.quick ?? false, report, sections, graph }, null, 2)}\n`
      )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function graphCost(): Promise<Awaited<ReturnType<typeof measureGraphCost>>> {
  const graph = await measureGraphCost()
  console.log('The graph, full size, one thread:')
  console.log(
    `  CPU seconds per second of audio: ${graph.ourCpuSecPerSec.toFixed(2)}, literal graph ${graph.literalCpuSecPerSec.toFixed(2)}, ratio ${graph.ratio.toFixed(2)} (goal 0.5)`
  )
  console.log(
    `  GMAC/s: ${graph.gmacPerSec.toFixed(1)}, largest convolution alone ${graph.largestConvGmacPerSec.toFixed(1)}, share ${graph.share.toFixed(2)} (goal 0.5)`
  )
  return graph
}

function deviceNamed(name: string): Device {
  const device = DEVICES.find((one) => one === name && one !== 'auto')
  if (device !== undefined) return device
  console.error(`--device ${name}: not one of ${DEVICES.filter((one) => one !== 'auto').join(', ')}.`)
  process.exit(2)
}

await main()
