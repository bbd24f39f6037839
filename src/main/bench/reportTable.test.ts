import { describe, expect, it } from 'vitest'
import { benchFigure } from '../../shared/ipc/benchFigures'
import { BenchReport } from '../../shared/ipc/benchViews'
import { REFUSED } from './report.testkit'
import { reportTable } from './reportTable'

/** The cells of the table's lines, by their first. */
function cellsOf(text: string): Map<string, string[]> {
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  return new Map(
    lines.map((line) => {
      const [first, ...cells] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim())
      return [first!, cells]
    })
  )
}

describe('the table of a report', () => {
  it('prints the figures of the report, and why where there is none (a table with figures of its own)', () => {
    const cells = cellsOf(reportTable(REFUSED))
    expect(Object.fromEntries(cells)).toMatchObject({
      'peak memory': ['too large (~19400 MB)', '153 MB', '141 MB', '10842 -> 5217 MB'],
      'wall time': ['too large (~19400 MB)', '12.3 s', '1235 s', '186 -> 153 s'],
      'growth over 8 files': ['too large', '0.7 MB', '-2.2 MB', '1200 -> 320 MB'],
      STOI: ['no clean track', '0.878', '-', ''],
      'SNR against the naive result': ['not run', 'not run', '36.1 dB', '']
    })
  })

  it('says what was measured, on what, and how the material was made', () => {
    const text = reportTable(REFUSED)
    expect(text).toContain('talk.m4a: 300 s of speech, mono at 16 kHz, the beginning')
    expect(text).toContain('Some CPU, 4 cores, 16 GB, linux x64; frcrn-lite on cpu')
    expect(reportTable({ ...REFUSED, material: { ...REFUSED.material, treatment: 'whole' } })).toContain('16 kHz\n')
  })

  it('lines its columns up as plain text', () => {
    const lines = reportTable(REFUSED)
      .split('\n')
      .filter((line) => line.startsWith('|'))
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
  })

  it('is of a report that its schema takes back from JSON', () => {
    expect(BenchReport.parse(JSON.parse(JSON.stringify(REFUSED)))).toEqual(REFUSED)
  })
})

it.each([
  [153_309_184, 'bytes', '153 MB'],
  [99_960_000, 'bytes', '100 MB'],
  [-2_199_552, 'bytes', '-2.2 MB'],
  [0, 'bytes', '0 MB'],
  [-69_632, 'bytes', '-0.1 MB'],
  [-20_000, 'bytes', '0 MB'],
  [0.87757, 'ratio', '0.878'],
  [2, 's', '2 s'],
  [1234.5, 's', '1235 s'],
  [-11.849, 'dB', '-11.8 dB']
] as const)('shows %f %s as %s', (value, unit, text) => {
  expect(benchFigure(value, unit)).toBe(text)
})
