import { describe, expect, it } from 'vitest'
import { JobSettings, DEFAULT_JOB_SETTINGS } from './jobSettings'
import { applyNamePattern, patternDate, patternModel, patternProblem } from './namePattern'

const parts = { name: 'take 1', folder: 'Monday', date: '2026-03-09', n: '07', model: 'frcrn' }

describe('name pattern', () => {
  it.each([
    ['{name}.clean', 'take 1.clean'],
    ['{folder} - {name}', 'Monday - take 1'],
    ['{date} {name}{name}', '2026-03-09 take 1take 1'],
    ['{n} {name} {model}', '07 take 1 frcrn'],
    ['same', 'same']
  ])('%j gives %j', (pattern, name) => {
    expect(patternProblem(pattern)).toBeNull()
    expect(applyNamePattern(pattern, parts)).toBe(name)
  })

  it.each([
    ['', 'empty'],
    [' . ', 'empty'],
    ['../{name}', 'illegalCharacter'],
    ['a\\{name}', 'illegalCharacter'],
    ['{name}:x', 'illegalCharacter'],
    ['{nam}', 'unknownToken'],
    ['{name', 'unknownToken'],
    ['{{name}}', 'unknownToken']
  ])('%j is refused as %s (it would leave its folder, or give one name to all)', (pattern, problem) => {
    expect(patternProblem(pattern)).toBe(problem)
    const output = { ...DEFAULT_JOB_SETTINGS.output, pattern }
    expect(JobSettings.safeParse({ ...DEFAULT_JOB_SETTINGS, output }).success).toBe(false)
  })

  it('does not read tokens out of names (a file called {date} kept its name no more)', () => {
    expect(applyNamePattern('{name}.clean', { ...parts, name: '{folder} $& $1' })).toBe('{folder} $& $1.clean')
  })

  it('falls back on the name where the parts are empty (files in the root have no folder name)', () => {
    expect(applyNamePattern('{folder}', { ...parts, folder: '' })).toBe('take 1')
  })

  it('writes a model of a path by its name alone (a path was made a name)', () => {
    expect(['frcrn-1.5', '/a/b/my net.onnx', 'C:\\m\\net.ONNX'].map(patternModel)).toEqual([
      'frcrn-1.5',
      'my net',
      'net'
    ])
  })

  it('writes days so that they sort', () => {
    expect(patternDate(new Date(2026, 2, 9, 23, 59))).toBe('2026-03-09')
  })
})
