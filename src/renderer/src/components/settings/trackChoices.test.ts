import { expect, test } from 'vitest'
import type { AudioTrack, Job } from '../../../../shared/jobs/job'
import { aJob } from '../list/jobs.testkit'
import { trackChoices } from './trackChoices'

const track = (language: string | null, title: string | null = null): AudioTrack => ({
  ...{ language, title, channels: 2, isDefault: false }
})
const withTracks = (id: string, tracks?: readonly AudioTrack[]): Job => ({
  ...aJob(id, `${id}.mkv`),
  probe: {
    ok: true,
    info: {
      ...{ durationSec: 1, sampleRateHz: 48_000, channels: 2, bitDepth: null, format: 'AAC' },
      ...(tracks && { tracks })
    }
  }
})

test('there is no choice without a file that has several tracks (a field that does nothing)', () => {
  expect(trackChoices([aJob('a', 'a.wav'), withTracks('b')], null)).toEqual([])
})

test('a track has the name that all files give it, and only its number where they differ or one says nothing', () => {
  const [deu, eng, mic] = [track('deu'), track('eng', 'Lecturer'), track(null, 'Microphone')]
  const one = withTracks('a', [deu, eng])
  expect(trackChoices([one, withTracks('b', [deu, mic, mic]), one], null)).toEqual([
    { number: 1, track: deu },
    { number: 2, track: null },
    { number: 3, track: mic }
  ])
})

test('the chosen track can be seen and taken back when its files have gone', () => {
  expect(trackChoices([], 2).map(({ number }) => number)).toEqual([1, 2])
})
