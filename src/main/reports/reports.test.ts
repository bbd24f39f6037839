import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { MESSAGES } from '../../shared/i18n/messages'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { reportPage } from './page'
import { fileReport, reportSettings, RunReport, totals } from './runReport'
import { reportCsv } from './table'
import { writeReport } from './writeReport'

const EVIL = `<script>alert("x")</script> & 'y'\u202e\n.wav`
const levels = { levelDb: -20.123, noiseFloorDb: -50, speechDb: -18, peakDb: -1 }
const result = {
  outputPath: '/out/x.wav',
  warnings: ['W_CLIPPED'],
  durationSec: 3725,
  sampleRateHz: 48_000,
  channels: 2,
  processingSec: 100,
  peakRssBytes: 210e6,
  sound: { before: levels, after: { ...levels, noiseFloorDb: -75 } }
} as const

function report(): RunReport {
  const files = [
    fileReport({
      inputPath: `/in/${EVIL}`,
      relativePath: EVIL,
      outputPath: '/out/x.wav',
      status: { kind: 'done', result }
    }),
    fileReport(
      {
        inputPath: '/in/=1+1.wav',
        relativePath: '=1+1.wav',
        outputPath: null,
        status: { kind: 'failed', error: { code: 'E_CORRUPT', data: { detail: '<b>' } } }
      },
      { model: 'other' }
    )
  ]
  return {
    version: '1.2.3',
    model: 'm',
    device: 'cpu',
    precision: 'fp32',
    precisionReason: null,
    settings: reportSettings(DEFAULT_JOB_SETTINGS),
    shard: null,
    files,
    totals: totals({ files, wallSec: null, peakRssBytes: 210e6 })
  }
}

describe('a report', () => {
  test('is what its own reader takes, figures and all (a merge could not read what a run wrote)', () => {
    const written = report()
    expect(RunReport.parse(JSON.parse(JSON.stringify(written)))).toEqual(written)
    expect(written.files[0]).toMatchObject({ noiseFloorBeforeDb: -50, noiseFloorAfterDb: -75, snrGainDb: 25 })
    expect(written.files[0]!.levelBeforeDb).toBe(-20.12)
  })

  test('as a table it has every value in its column, whatever the names hold (a comma moved all columns)', () => {
    const [head, ...rows] = parseCsv(reportCsv(report()).slice(1))
    expect(rows.map((row) => row.length)).toEqual([head!.length, head!.length])
    const at = (row: number, name: string): string => rows[row]![head!.indexOf(name)]!
    expect(at(0, 'relativePath')).toBe(EVIL)
    expect(at(0, 'snrGainDb')).toBe('25')
    expect(at(1, 'relativePath')).toBe(`'=1+1.wav`)
    expect([at(0, 'settings.model'), at(1, 'settings.model')]).toEqual(['frcrn-lite', 'other'])
    expect(at(1, 'errorCode')).toBe('E_CORRUPT')
  })

  test('as a page it lets no name in as markup, has no script, and speaks both languages', () => {
    const page = reportPage(report(), 'zh-CN')
    expect(page).not.toMatch(/<script|<b>|\u202e|https?:/u)
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;')
    expect(page).toContain('<html lang="zh-CN">')
    expect(page).toMatch(/id="lang-zh-CN" checked/u)
    for (const text of ['Noise floor', '底噪', '−50.0 → −75.0', '+25.0 dB', '1:02:05', '37.2×']) {
      expect(page).toContain(text)
    }
  })

  test('names the settings in the reader’s words, and one of another version as that has it (names of fields)', () => {
    const page = reportPage({ ...report(), settings: { chunkSec: 0.5, keepTimes: true, fromTomorrow: 7 } }, 'en')
    expect(page).toContain('Chunk, s')
    expect(page).toContain('分块长度（秒）')
    expect(page).toContain('>Yes<')
    expect(page).not.toMatch(/chunkSec|keepTimes/u)
    expect(page).toContain('fromTomorrow')
    const known = MESSAGES.en.report.settingNames
    expect(Object.keys(reportSettings(DEFAULT_JOB_SETTINGS)).filter((name) => !(name in known))).toEqual([])
  })

  test('is written whole or not at all, and only under a name that says what it is', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-report-'))
    try {
      await writeReport(path.join(folder, 'a.HTM'), report())
      expect(readFileSync(path.join(folder, 'a.HTM'), 'utf8')).toContain('<!doctype html>')
      await expect(writeReport(path.join(folder, 'a.txt'), report())).rejects.toMatchObject({ code: 'E_BAD_REQUEST' })
      await expect(writeReport(path.join(folder, 'no', 'a.csv'), report())).rejects.toMatchObject({ code: 'E_IO' })
      expect(readdirSync(folder)).toEqual(['a.HTM'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** RFC 4180, as another program reads it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  let [field, quoted] = ['', false]
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (quoted && character === '"' && text[i + 1] === '"') field += text[i++]!
    else if (character === '"') quoted = !quoted
    else if (!quoted && character === ',') field = push(rows, field)
    else if (!quoted && character === '\r' && text[i + 1] === '\n') {
      field = push(rows, field)
      rows.push([])
      i++
    } else field += character
  }
  return rows.slice(0, -1)
}

function push(rows: string[][], field: string): string {
  rows.at(-1)!.push(field)
  return ''
}
