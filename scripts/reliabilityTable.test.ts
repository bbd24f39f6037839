import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs/reliability.md'), 'utf8')
const rows = text
  .split('\n')
  .filter((line) => /^\| [SR]\d/u.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${letter}${n + 1}`)

it('has every row of the design once, in order (a promise that was dropped without a word)', () => {
  expect(rows.map(([, id]) => id)).toEqual([...numbered('S', 46), ...numbered('R', 44)])
  for (const row of rows) expect(row, row[1]).toHaveLength(8)
})

it('counts right (a sum at the top that flatters)', () => {
  const count = (word: string): number => rows.filter(([, , , shown]) => shown === word).length
  expect(text).toContain(
    `Of the 90 rows ${count('whole')} are whole, ${count('here')} whole as far as can be had here, ${count('part')} in part and ${count('missing')} missing.`
  )
})

it('says of each row whether it is shown, and by what or what is missing (a row that claims without a test)', () => {
  for (const [, id, promise, shown, test, holds, missing] of rows) {
    expect(promise, id).not.toBe('')
    expect(['whole', 'here', 'part', 'missing'], id).toContain(shown)
    if (shown === 'whole' || shown === 'here') expect(test, id).toContain('.test.ts')
    if (shown === 'whole' || shown === 'here') expect(holds, id).not.toBe('')
    if (shown === 'part') expect(test, id).not.toBe('')
    if (shown !== 'whole') expect(missing, id).not.toBe('')
  }
})

it('names test files that exist, and titles that stand in them (a test that was moved or renamed)', () => {
  const files = [...text.matchAll(/`([\w./-]+\.test\.ts)`/gu)].map(([, file]) => file!)
  expect(files.length).toBeGreaterThan(100)
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true)
  const named = rows.flatMap(([, , , , test]) => [...test!.matchAll(/`([\w./-]+\.test\.ts)`(?: "([^"]+)")?/gu)])
  for (const [, file, title] of named) {
    expect(title, file).toBeDefined()
    expect(readFileSync(join(root, file!), 'utf8').includes(title!), `${file!}: ${title!}`).toBe(true)
  }
})
