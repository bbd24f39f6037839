import type { Screen } from '../src/main/cli/screen'
import { checkText, megabytes } from '../src/main/cli/checkWords'
import { printable, shownPath } from '../src/main/cli/words'
import type { ModelPhase } from '../src/shared/ipc/modelViews'
import type { ModelProgress } from '../src/main/models/modelProgress'
import type { ModelRecord } from '../src/main/models/modelRecord'
import type { ModelList } from '../src/main/models/modelService'
import type { WorkshopHost } from '../src/main/processes/workshopHost'

/** What the command says. */

const PHASES: Readonly<Record<ModelPhase, string>> = {
  wait: 'waiting',
  download: 'downloading',
  hash: 'reading',
  inspect: 'looking into it',
  convert: 'converting',
  copy: 'copying',
  check: 'comparing FP16 with FP32',
  verify: 'hashing'
}

const REDRAW_MS = 100

/** The redrawn line of a terminal; without one a line for each thing that begins. */
export function progressOn(screen: Screen): (progress: ModelProgress) => void {
  let told: ModelPhase | null = null
  let lastMs = -Infinity
  return ({ phase, fraction }) => {
    const isNew = phase !== told
    told = phase
    if (!screen.live) {
      if (isNew && (phase === 'download' || phase === 'convert' || phase === 'check'))
        screen.line(`${PHASES[phase]} ...`)
      return
    }
    if (!isNew && performance.now() - lastMs < REDRAW_MS) return
    lastMs = performance.now()
    screen.setStatus(fraction === null ? PHASES[phase] : `${PHASES[phase]}  ${Math.floor(fraction * 100)} %`)
  }
}

/** `FRCRN of 128 channels, two U-Nets`. */
export function networkText(channels: number, cascade: 1 | 2): string {
  return `FRCRN of ${channels} channels, ${cascade === 2 ? 'two U-Nets' : 'one U-Net'}`
}

export function listLines({ defaultId, bundled, installed, offers }: ModelList): readonly string[] {
  const lines = ['Bundled']
  for (const { id, name, licence, bytes, precisions, selfChecks } of bundled) {
    const there = precisions.map((precision) => precision.toUpperCase()).join(' and ')
    lines.push(`  ${id}  ${name}, ${licence}, ${megabytes(bytes)}, ${there}${id === defaultId ? ', default' : ''}`)
    lines.push(...selfChecks.map((check) => `    ${checkText(check)}`))
  }
  lines.push('Installed')
  if (installed.length === 0) lines.push('  none')
  for (const entry of installed) {
    if (entry.record === null) lines.push(`  ${entry.id}  damaged: ${printable(entry.problem)}`)
    else lines.push(...recordLines(entry.record, entry.bytes))
  }
  lines.push('Offered')
  for (const { id, name, licence, bytes, notes, mirrors, installedAs } of offers) {
    const state = installedAs === null ? '' : `, installed as ${installedAs}`
    lines.push(`  ${id}  ${name}, ${licence}, ${megabytes(bytes)} to download${state}`)
    lines.push(`    ${notes}`, `    mirrors: ${mirrors.map((mirror) => mirror.name).join(', ')}`)
  }
  return lines
}

function recordLines(record: ModelRecord, bytes: number): readonly string[] {
  const { id, name, licence, source, channels, cascade, precisions, damaged } = record
  const kind = channels === null || cascade === null ? 'a model of others' : networkText(channels, cascade)
  const there = (['fp32', 'fp16'] as const).filter((precision) => precisions[precision] !== null)
  const lines = [
    `  ${id}  ${printable(name)}, ${licence ?? 'licence not known'}, ${megabytes(bytes)}`,
    `    ${kind}; ${there.map((precision) => precision.toUpperCase()).join(' and ')}; verified ${record.verifiedAt}`,
    `    from ${printable(source.fileName)}, SHA-256 ${source.sha256}`
  ]
  if (damaged.length > 0) lines.push(`    damaged: ${damaged.map(printable).join(', ')}`)
  return [...lines, ...record.selfChecks.map((check) => `    ${checkText(check)}`)]
}

type Converted = Awaited<ReturnType<WorkshopHost['convert']>>

export function convertedLines({ channels, cascade, files }: Converted): readonly string[] {
  const lines = [networkText(channels, cascade)]
  for (const { onePassPath, statefulPath, sharedDataPath, bytes } of files) {
    lines.push(`  one pass  ${shownPath(onePassPath)}  ${megabytes(bytes.onePass)}`)
    lines.push(`  stateful  ${shownPath(statefulPath)}  ${megabytes(bytes.stateful)}`)
    if (sharedDataPath !== null) lines.push(`  weights   ${shownPath(sharedDataPath)}  ${megabytes(bytes.sharedData)}`)
  }
  return lines
}
