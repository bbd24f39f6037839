import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ModelLibrary } from './library'
import { forecastBytes } from './memoryForecast'

const BUNDLED = path.resolve(import.meta.dirname, '../../../models')

/** Peaks of the engine in MB, measured on Linux with five recordings of 30 s: chunk in seconds, lanes, peak. */
const MEASURED = {
  carried: [
    [0.5, 1, 120],
    [0.5, 2, 131],
    [0.5, 4, 151],
    [1, 1, 128],
    [1, 2, 148],
    [1, 4, 177],
    [2, 1, 149],
    [2, 2, 169],
    [2, 4, 243],
    [5, 1, 189],
    [5, 2, 270]
  ],
  overlap: [
    [1, 1, 135],
    [1, 2, 158],
    [1, 4, 218],
    [2, 1, 137],
    [2, 2, 169],
    [2, 4, 244],
    [5, 1, 173],
    [5, 2, 240]
  ]
} as const

describe('memory forecast', () => {
  it('of the bundled light model is within a tenth of what was measured (a wrong warning is soon ignored)', async () => {
    const { models } = await new ModelLibrary(BUNDLED).catalog()
    const lines = models.find(({ id }) => id === 'frcrn-lite')!.memory
    for (const join of ['carried', 'overlap'] as const) {
      for (const [chunkSec, batch, peak] of MEASURED[join]) {
        const forecast = forecastBytes(lines, { join, chunkSec, batch })! / 1e6
        expect(Math.abs(forecast / peak - 1), `${join} ${chunkSec} s, ${batch} lanes: ${forecast} MB`).toBeLessThan(0.1)
      }
    }
  })

  it('is none for a model that nobody measured', () => {
    expect(forecastBytes(null, { join: 'carried', chunkSec: 1, batch: 1 })).toBe(null)
  })
})
