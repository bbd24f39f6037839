import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { ShippedParts, type ShippedPart } from '../../src/shared/ipc/licenceViews'
import { problemsOf, shippedParts, type ShippedOptions } from './shippedParts'

/** Writes `out/licences.json`, which About shows. Throws where something may not ship as it is. */
export function writeLicences(options: ShippedOptions): ShippedPart[] {
  const parts = shippedParts(options)
  const problems = problemsOf(parts)
  if (problems.length > 0) throw new Error(`Licences:\n${problems.join('\n')}`)
  writeFileSync(
    path.join(options.root, 'out', 'licences.json'),
    `${JSON.stringify(ShippedParts.parse(parts), null, 1)}\n`
  )
  return parts
}
