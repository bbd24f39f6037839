import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { toAppError } from '../src/shared/errors/appError'
import { describeError } from '../src/shared/errors/describe'
import { MissingPartner, scoreDirs } from './scoreDirs'
import type { Score } from './scoreDirs'

/** `npm run score -- CLEAN_DIR ENHANCED_DIR [--json FILE]`: SI-SDR, STOI and ESTOI of a folder of recordings. */

const USAGE = 'usage: npm run score -- CLEAN_DIR ENHANCED_DIR [--json FILE]'

interface Request {
  readonly cleanDir: string
  readonly enhancedDir: string
  readonly jsonPath: string | undefined
}

/** Null for wrong use. */
function parse(args: string[]): Request | null {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: 'string' } } })
    const [cleanDir, enhancedDir, ...more] = positionals
    if (cleanDir === undefined || enhancedDir === undefined || more.length > 0) return null
    return { cleanDir, enhancedDir, jsonPath: values.json }
  } catch (error) {
    console.error(toAppError(error).data.detail)
    return null
  }
}

function row(name: string, score: Score): string {
  const cells = [
    score.siSdrDb.toFixed(2).padStart(9),
    score.stoi.toFixed(4).padStart(8),
    score.estoi.toFixed(4).padStart(8)
  ]
  return `${name.padEnd(40)}${cells.join('')}`
}

async function score(request: Request): Promise<void> {
  console.log(`${'file'.padEnd(40)}${'SI-SDR dB'.padStart(9)}${'STOI'.padStart(8)}${'ESTOI'.padStart(8)}`)
  const report = await scoreDirs(request.cleanDir, request.enhancedDir, (file) => {
    console.log(row(file.name, file))
  })
  console.log(row(`mean of ${report.files.length}`, report.mean))
  if (request.jsonPath !== undefined) writeFileSync(request.jsonPath, `${JSON.stringify(report, null, 2)}\n`)
}

async function main(): Promise<number> {
  const request = parse(process.argv.slice(2))
  if (request === null) {
    console.error(USAGE)
    return 2
  }
  try {
    await score(request)
    return 0
  } catch (error) {
    if (error instanceof MissingPartner) {
      console.error(error.message)
      return 1
    }
    const { what, next } = describeError(toAppError(error).toPayload())
    console.error(`${what}\n${next}`)
    return 1
  }
}

process.exitCode = await main()
