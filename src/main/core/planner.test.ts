import { expect, it } from 'vitest'
import { emptyQueue } from '../../shared/jobs/reduceQueue'
import { DEFAULT_JOB_SETTINGS, type JobSettings } from '../../shared/settings/jobSettings'
import { QueueStore } from '../jobs/queueStore'
import { Planner } from './planner'

const settings: JobSettings = {
  ...DEFAULT_JOB_SETTINGS,
  output: { ...DEFAULT_JOB_SETTINGS.output, pattern: '{n}' }
}

it('numbers files that come later on from the last number, whatever was taken out meanwhile (two results had one number)', async () => {
  const store = new QueueStore(emptyQueue('e'))
  const planner = await Planner.of(store)
  const add = (...names: string[]): Promise<string[]> =>
    planner.exclusively(async () => {
      const files = names.map((name) => ({
        ...{ id: name, path: `/nowhere/${name}.wav`, root: '/nowhere', relativePath: `${name}.wav`, explicit: true },
        identity: { device: '1', inode: name.charCodeAt(0).toString(), sizeBytes: 1, modifiedNs: '0' }
      }))
      const jobs = await planner.newJobs(files, [], settings)
      store.dispatch({ type: 'jobsAdded', jobs, settingsKey: 'k', settings })
      return jobs.map(({ outputPath }) => outputPath ?? '')
    })
  const places = (...numbers: number[]): string[] => numbers.map((n) => `/nowhere/${n}.wav`)
  expect(await add('a', 'b', 'c')).toEqual(places(1, 2, 3))
  expect(await add('d', 'e')).toEqual(places(4, 5))
  store.dispatch({ type: 'jobsRemoved', jobIds: ['b'] })
  expect(await add('f', 'g')).toEqual(places(6, 7))
  store.dispatch({ type: 'jobsRemoved', jobIds: ['a', 'c', 'd', 'e', 'f', 'g'] })
  expect(await add('h')).toEqual(places(1))
})
