import path from 'node:path'
import {
  forkTransport,
  mediaForkTransport,
  naiveForkTransport,
  workshopForkTransport
} from '../processes/forkTransport'
import { AppCore } from './appCore'

/**
 * A process with the core in it that begins one thing with a model and kills itself in the middle, as a power cut would: when its
 * task is in the phase `KILL_AT`, for a download with some bytes on the disk.
 */
const [root, modelsFolder, built, what, killAt] = process.argv.slice(2) as [string, string, string, string, string]
const inBuilt = (name: string): string => path.join(built, name)
const core = await AppCore.open({
  layout: {
    version: '0',
    enginePath: inBuilt('engine.js'),
    mediaPath: inBuilt('media.js'),
    naivePath: inBuilt('naive.js'),
    workshopPath: inBuilt('workshop.js'),
    modelsFolder,
    samplesFolder: path.resolve('demo'),
    cleanSamplesFolder: path.resolve('demo-clean'),
    licencesPath: inBuilt('../licences.json'),
    updateFeedPath: inBuilt('no-feed.yml')
  },
  dataFolder: path.join(root, 'data'),
  logFolder: root,
  locale: 'en',
  openEngine: () => forkTransport(inBuilt('engine.js')),
  openMedia: () => mediaForkTransport(inBuilt('media.js')),
  openNaive: () => naiveForkTransport(inBuilt('naive.js')),
  openWorkshop: () => workshopForkTransport(inBuilt('workshop.js')),
  mediaUrl: (token) => `app://stillwave/media/${token}`,
  push: (event) => {
    if (event.topic !== 'modelTask') return
    const { state } = event.task
    const isThere = state.kind === 'running' && state.phase === killAt
    if (isThere && (killAt !== 'download' || (state.fraction ?? 0) > 0)) process.kill(process.pid, 'SIGKILL')
  },
  log: (line) => {
    process.stdout.write(`log ${line}\n`)
  }
})
if (path.isAbsolute(what)) await core.handlers['models.addPaths']({ paths: [what] })
else await core.handlers['models.download']({ id: what })
