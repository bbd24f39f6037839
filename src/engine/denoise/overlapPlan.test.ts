import { expect, it } from 'vitest'
import { computeFactor as shownFactor } from '../../shared/settings/presets'
import { computeFactor, contextSamples, planOverlap } from './overlapPlan'

it.each([1, 2] as const)(
  'the window shows the factor that is computed, cascade %i (a form that promises less)',
  (cascade) => {
    const context = contextSamples(cascade, 320)
    const model = { hasStateful: true, chunkSec: 1, cascade }
    const pairs = [
      [2, 0.5],
      [0.25, 0.125],
      [3.333, 1.111],
      [60, 10],
      [1, 0]
    ] as const
    for (const [chunkSec, overlapSec] of pairs) {
      const lengths = { chunkSec, overlapSec, sampleRateHz: 16000, hopSamples: 320 }
      const plan = planOverlap({ ...lengths, contextLeft: context.left, contextRight: context.right })
      const values = { join: 'overlap', chunkSec, overlapSec, batch: 1 } as const
      expect(shownFactor(values, model)).toBeCloseTo(computeFactor(plan), 9)
    }
  }
)
