import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { exportReport, reportName } from './exportReport'
import { REFUSED } from './report.testkit'
import { reportTable } from './reportTable'

const folder = mkdtempSync(path.join(tmpdir(), 'stillwave-report-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

it('writes JSON or a table by the name, in the place of what was there', async () => {
  const [json, table] = [path.join(folder, reportName(REFUSED)), path.join(folder, 'report.MD')]
  writeFileSync(json, 'old')
  await exportReport(REFUSED, json)
  await exportReport(REFUSED, table)
  expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(REFUSED)
  expect(readFileSync(table, 'utf8')).toBe(reportTable(REFUSED))
  expect(readdirSync(folder).sort()).toEqual(['report.MD', 'stillwave-2026-03-01.json'])
})

it('says with a code that a place takes no file, and leaves nothing half written', async () => {
  const missing = path.join(folder, 'none', 'a.json')
  await expect(exportReport(REFUSED, missing)).rejects.toMatchObject({ code: 'E_IO', data: { path: missing } })
  const taken = path.join(folder, 'taken')
  mkdirSync(taken)
  await expect(exportReport(REFUSED, taken)).rejects.toMatchObject({ code: 'E_IO', data: { path: taken } })
  expect(readdirSync(folder)).not.toContain(`taken.${process.pid}.tmp`)
})
