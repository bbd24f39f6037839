import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureGraphCost } from './graphCost'
import { loadMaterial } from './material'
import { formatSection, type Section } from './table'
import { fullSizeSection, lengthSection, liteSection, timeSection, type Plan } from './sections'

/**
 * `npm run bench [-- --quick] [-- --json FILE]`: what the usual way costs and what Stillwave costs, on this machine, from one
 * run and on the same noisy speech. All figures are measured; none is a threshold.
 */
const FULL: Omit<Plan, 'folder'> = {
  liteSec: 300,
  growthFiles: 20,
  fullShortSec: 10,
  fullLongSec: 30,
  fullFileSec: 300,
  shortFileSec: 600,
  longFileSec: 7200,
  timeSec: 120
}

const QUICK: Omit<Plan, 'folder'> = {
  liteSec: 60,
  growthFiles: 8,
  fullShortSec: 4,
  fullLongSec: 8,
  fullFileSec: 20,
  shortFileSec: 60,
  longFileSec: 720,
  timeSec: 60
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' } } })
  const folder = mkdtempSync(join(tmpdir(), 'stillwave-bench-'))
  const plan: Plan = { ...(values.quick ? QUICK : FULL), folder }
  try {
    const material = await loadMaterial()
    const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem() }
    console.log(
      `${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 1e9).toFixed(0)} GB; ${material.name}\n`
    )
    const sections: Section[] = []
    for (const measure of [liteSection, fullSizeSection, lengthSection, timeSection]) {
      const section = await measure(plan, material)
      sections.push(section)
      console.log(`${formatSection(section)}\n`)
    }
    const graph = await measureGraphCost()
    console.log('The graph, full size, one thread:')
    console.log(
      `  CPU seconds per second of audio: ${graph.ourCpuSecPerSec.toFixed(2)}, literal graph ${graph.literalCpuSecPerSec.toFixed(2)}, ratio ${graph.ratio.toFixed(2)} (goal 0.5)`
    )
    console.log(
      `  GMAC/s: ${graph.gmacPerSec.toFixed(1)}, largest convolution alone ${graph.largestConvGmacPerSec.toFixed(1)}, share ${graph.share.toFixed(2)} (goal 0.5)`
    )
    if (values.json)
      writeFileSync(
        values.json,
        `${JSON.stringify({ machine, quick: values.quick ?? false, sections, graph }, null, 2)}\n`
      )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
