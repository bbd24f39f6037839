import { expect, it } from 'vitest'
import { formulaStateDict } from '../../src/engine/model/formulaWeights'
import { buildOnePass } from '../../src/engine/model/onePass'
import { largestDifference, openModel, runOnePass, testWave } from '../../src/engine/model/running.testkit'
import { buildLiteral, macsPerFrame } from './literalGraph'

it('computes what our graph computes (a benchmark against another network would say nothing)', async () => {
  const weights = formulaStateDict({ channels: 8, cascade: 2 }, 3)
  const wave = testWave(9000)
  const [ours, literal] = [await openModel(buildOnePass(weights)), await openModel(buildLiteral(weights))]
  const [a, b] = [await runOnePass(ours, wave), await runOnePass(literal, wave)]
  expect(largestDifference(a.clean, b.clean, 640, a.clean.length - 640)).toBeLessThan(5e-5)
})

it('counts the multiplications of the official code: 38.7 G a second over 3 s, the frames that padding adds included', () => {
  const perSecond = (macsPerFrame(128, 2) * 50) / 1e9
  expect(perSecond).toBeLessThan(38.7)
  // 149 frames, to which the layers add 1 to 7: 2.7 % on average.
  expect(perSecond * (1 + 4 / 149)).toBeCloseTo(38.6, 0)
})
