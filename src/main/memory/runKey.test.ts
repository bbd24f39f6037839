import { expect, test } from 'vitest'
import type { EngineSettings } from '../../engine/protocol'
import { fakeSettings } from '../processes/fakeEngine.testkit'
import { runKey } from './runKey'

const fake = fakeSettings()
const settings: EngineSettings = { ...fake, model: { ...fake.model, onePassSha256: 'aa', statefulSha256: 'aa' } }
const [old, changed] = [() => '0x10de:0x2204 535.1', () => '0x10de:0x2204 550.2']

test('what a device took counts for its card and driver only (a new card was held to the size that the old one bore)', async () => {
  const cuda: EngineSettings = { ...settings, device: 'cuda' }
  expect(await runKey(cuda, old)).not.toBe(await runKey(cuda, changed))
  expect(await runKey(cuda, old)).toBe(await runKey(cuda, old))
  expect(await runKey(cuda, () => '')).not.toContain('[')
})

test('what the CPU took does not go with a card', async () => {
  expect(await runKey(settings, old)).toBe(await runKey(settings, changed))
})

test('another file of the same model is measured anew', async () => {
  const other = { ...settings, model: { ...settings.model, onePassSha256: 'bb', statefulSha256: 'bb' } }
  expect(await runKey(other, old)).not.toBe(await runKey(settings, old))
})
