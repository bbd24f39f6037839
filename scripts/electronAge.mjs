/**
 * Whether the Electron that ships is one that is still looked after: in one of the three newest majors, and with no newer patch of its own
 * major for more than 30 days (RELIABILITY S1). Asks the npm registry; for the release workflow, as what is true today is not tomorrow.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const SUPPORTED_MAJORS = 3
const PATIENCE_DAYS = 30
const DAY_MS = 24 * 3600 * 1000
const STABLE = /^\d+\.\d+\.\d+$/u

const partsOf = (version) => version.split('.').map(Number)
const isNewer = (a, b) => {
  const [left, right] = [partsOf(a), partsOf(b)]
  const at = left.findIndex((part, n) => part !== right[n])
  return at >= 0 && left[at] > right[at]
}

/** What is wrong with shipping `version`, in sentences. `published` has the time (ISO 8601) of every version. */
export function electronProblems({ version, latest, published, nowMs }) {
  const [major] = partsOf(version)
  const [newest] = partsOf(latest)
  const problems = []
  if (major <= newest - SUPPORTED_MAJORS) {
    problems.push(
      `Electron ${version} is out of support: ${newest} is the newest major, and ${SUPPORTED_MAJORS} are looked after.`
    )
  }
  const later = Object.keys(published).filter(
    (one) => STABLE.test(one) && partsOf(one)[0] === major && isNewer(one, version)
  )
  const sinceMs = Math.min(...later.map((one) => Date.parse(published[one])))
  if (nowMs - sinceMs > PATIENCE_DAYS * DAY_MS) {
    const days = Math.floor((nowMs - sinceMs) / DAY_MS)
    problems.push(
      `Electron ${version} has had a newer patch for ${days} days, ${PATIENCE_DAYS} are allowed: npm install --save-exact electron@${major}`
    )
  }
  return problems
}

if (process.argv[1] === import.meta.filename) {
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8'))
  const { version } = lock.packages['node_modules/electron']
  const asked = execFileSync('npm', ['view', 'electron', 'dist-tags', 'time', '--json'], {
    encoding: 'utf8',
    shell: process.platform === 'win32'
  })
  const { 'dist-tags': tags, time: published } = JSON.parse(asked)
  const problems = electronProblems({ version, latest: tags.latest, published, nowMs: Date.now() })
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log(`Electron ${version} is looked after (newest: ${tags.latest}).`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
