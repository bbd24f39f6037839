import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { electronProblems } from './electronAge.mjs'

type Problems = (facts: {
  readonly version: string
  readonly latest: string
  readonly published: Readonly<Record<string, string>>
  readonly nowMs: number
}) => string[]
const problems = electronProblems as Problems

const published = {
  created: '2013-01-01T00:00:00Z',
  '45.4.1': '2026-11-19T02:04:13Z',
  '45.4.0': '2026-11-01T00:00:00Z',
  '45.5.0-beta.1': '2026-08-01T00:00:00Z',
  '44.11.5': '2026-11-19T00:45:49Z'
}
const at = (date: string): number => Date.parse(`${date}T00:00:00Z`)

describe('the Electron that ships (S1)', () => {
  it('is of a major that is looked after, and is not behind its newest patch for more than a month', () => {
    const check = (version: string, latest: string, nowMs: number): number =>
      problems({ version, latest, published, nowMs }).length
    expect(check('45.4.1', '45.4.1', at('2027-06-01'))).toBe(0)
    expect(check('45.4.0', '45.4.1', at('2026-12-10'))).toBe(0)
    expect(check('45.4.0', '45.4.1', at('2026-12-25'))).toBe(1)
    expect(check('45.4.1', '47.0.0', at('2026-12-01'))).toBe(0)
    expect(check('45.4.1', '48.0.0', at('2026-12-01'))).toBe(1)
  })

  it('is asked for before a release is packed (an old one would have shipped)', () => {
    const workflow = readFileSync(path.resolve('.github/workflows/release.yml'), 'utf8')
    const [check] = workflow.split('\n  pack:')
    expect(check).toContain('node scripts/electronAge.mjs')
    expect(check).toContain('npm audit --omit=dev --audit-level=high')
    expect(workflow).toMatch(/pack:\n {4}needs: check/u)
  })
})
