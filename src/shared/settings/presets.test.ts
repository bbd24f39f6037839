import { describe, expect, it } from 'vitest'
import type { ChunkSettings } from './appSettings'
import { ChunkSettings as ChunkSchema } from './appSettings'
import { DEFAULT_JOB_SETTINGS } from './jobSettings'
import {
  BUILT_IN_PRESETS,
  computeFactor,
  fittedOverlapSec,
  joinValues,
  longestOverlapSec,
  presetOf,
  presetsFor,
  presetValues,
  type ModelTraits
} from './presets'

const LITE: ModelTraits = { hasStateful: true, chunkSec: 1, cascade: 1 }
const FULL: ModelTraits = { hasStateful: true, chunkSec: 0.5, cascade: 2 }
const ALONE: ModelTraits = { hasStateful: false, chunkSec: 0.5 }

const overlapped = (chunkSec: number, overlapSec: number): ChunkSettings => ({
  join: 'overlap',
  chunkSec,
  overlapSec,
  batch: 1
})

describe('presets', () => {
  it.each([LITE, FULL, ALONE])('are valid, all different and found again for %o (two names for one thing)', (model) => {
    for (const id of presetsFor(model)) {
      const values = presetValues(id, model)
      expect(ChunkSchema.parse(values)).toEqual(values)
      expect(values.overlapSec).toBeLessThanOrEqual(longestOverlapSec(values.chunkSec))
      expect(presetOf(values, model, [])).toEqual({ kind: 'builtIn', id })
    }
  })

  it('offers no second name for Balanced (a "Fastest" that changes nothing)', () => {
    expect(presetsFor(LITE)).toEqual(BUILT_IN_PRESETS)
    expect(presetsFor(FULL)).toEqual(['lowMemory', 'balanced', 'article'])
  })

  it('a new installation stands at Balanced (a form that says "own values" on its first day)', () => {
    const { join, chunkSec, overlapSec, batch } = DEFAULT_JOB_SETTINGS
    expect(presetOf({ join, chunkSec, overlapSec, batch }, LITE, [])).toEqual({ kind: 'builtIn', id: 'balanced' })
  })

  it('never carries for a model that cannot', () => {
    for (const id of BUILT_IN_PRESETS) expect(presetValues(id, ALONE).join).toBe('overlap')
    expect(joinValues('carried', ALONE).join).toBe('overlap')
    expect(joinValues('carried', LITE)).toEqual(presetValues('balanced', LITE))
  })

  it('finds the user’s own, ignores the overlap of carried chunks, and says null for values of nobody', () => {
    const own = { id: 'p1', name: 'Talks', values: overlapped(6, 0.5) }
    expect(presetOf(overlapped(6, 0.5), LITE, [own])).toEqual({ kind: 'user', id: 'p1' })
    expect(presetOf({ ...presetValues('balanced', LITE), overlapSec: 0.1 }, LITE, [])?.id).toBe('balanced')
    expect(presetOf(overlapped(6, 0.4), LITE, [own])).toBeNull()
  })

  it('an overlap follows a chunk that became shorter', () => {
    expect(fittedOverlapSec(0.5, 0.6)).toBe(0.3)
    expect(fittedOverlapSec(0.25, 2)).toBe(0.25)
  })
})

describe('computeFactor', () => {
  it('is the article’s for the full network: 2.75 at 2 s / 0.5 s, 1.24 at 10 s / 0.25 s', () => {
    expect(computeFactor(overlapped(2, 0.5), FULL)).toBeCloseTo(2.75, 2)
    expect(computeFactor(overlapped(10, 0.25), FULL)).toBeCloseTo(1.24, 2)
  })

  it('is one where state is carried, and not where the model cannot carry it', () => {
    expect(computeFactor(presetValues('balanced', LITE), LITE)).toBe(1)
    expect(computeFactor({ ...presetValues('article', ALONE), join: 'carried' }, ALONE)).toBeCloseTo(2.75, 2)
  })
})
