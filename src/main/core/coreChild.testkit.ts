import path from 'node:path'
import {
  forkTransport,
  mediaForkTransport,
  naiveForkTransport,
  workshopForkTransport
} from '../processes/forkTransport'
import { AppCore } from './appCore'

/**
 * A process with the core in it, for the test that kills it: adds a folder on its first life, goes on with the queue on later
 * ones, and says on stdout what the window would have been told: `told JOB STATUS`.
 */
const [root, modelsFolder, built] = process.argv.slice(2) as [string, string, string]
const enginePath = path.join(built, 'engine.js')
const mediaPath = path.join(built, 'media.js')
const naivePath = path.join(built, 'naive.js')
const workshopPath = path.join(built, 'workshop.js')
const core = await AppCore.open({
  layout: {
    version: '0',
    enginePath,
    mediaPath,
    naivePath,
    workshopPath,
    modelsFolder,
    samplesFolder: path.resolve('demo'),
    cleanSamplesFolder: path.resolve('demo-clean'),
    licencesPath: path.join(built, '..', 'licences.json'),
    updateFeedPath: path.join(built, 'no-feed.yml')
  },
  dataFolder: path.join(root, 'data'),
  logFolder: root,
  locale: 'en',
  openEngine: () => forkTransport(enginePath),
  openMedia: () => mediaForkTransport(mediaPath),
  openNaive: () => naiveForkTransport(naivePath),
  openWorkshop: () => workshopForkTransport(workshopPath),
  mediaUrl: (token) => `app://stillwave/media/${token}`,
  push: (event) => {
    if (event.topic === 'queue' && event.event.type === 'jobFinished') say(`told ${event.event.jobId} done`)
    if (event.topic === 'scan' && event.scan.done) void core.handlers['queue.start']({})
    if (event.topic === 'finished') void finish()
  },
  log: (line) => {
    say(`log ${line}`)
  }
})

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function finish(): Promise<void> {
  await core.close()
  say('finished')
  process.exit(0)
}

// As the app does where the system ends it.
process.on('SIGTERM', () => {
  void core.close().then(() => {
    say('closed')
    process.exit(0)
  })
})

say(`open ${core.queueState.jobs.length}`)
const waiting = core.queueState.jobs.filter((job) => job.status.kind === 'pending').length
if (core.queueState.jobs.length === 0) await core.addPaths([path.join(root, 'in')])
else if (waiting > 0) await core.handlers['queue.recover']({ choice: 'continue' })
else await finish()
