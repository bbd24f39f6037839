import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { EngineSettings, FileJob } from '../../engine/protocol'

/**
 * A real child process that speaks the engine's protocol and misbehaves on demand, for the tests of those who own the
 * engine's life. It denoises nothing; what it does with a job is in the job's input path.
 */
const FAKE_ENGINE = `
import { appendFileSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs'
const log = (line) => appendFileSync(process.env.FAKE_LOG, line + '\\n')
let generation = 0
let paused = false
let toFinish = null
let device = 'cpu'
const post = (message) => process.send({ generation, ...message })
const FACTS = { fileName: 'm.onnx', sizeBytes: 9, sha256: 'ab', isVerified: false, graph: 'onePass', precision: 'fp32', device: 'cpu', fallbackFiles: 0,
  staysDown: false, loadSec: 0.01,
  ageSec: 1, runs: 3, files: 2, lanes: 1, modelSec: 1, laneSec: 2, largestRunSec: 1, buffersInUse: 4, bytesInUse: 40, buffersGivenBack: 5, bytesGivenBack: 50 }
const beat = () => post({ type: 'heartbeat', rssBytes: 5, peakRssBytes: 7, facts: FACTS })
let beating = setInterval(() => generation && beat(), 50)
const done = (jobId, extra = {}) => post({ type: 'done', jobId, frames: 1, durationSec: 2, sampleRateHz: 16000, channels: 1,
  sha256: '00', extension: '.wav', warnings: [], timings: { wallSec: 1, modelSec: 1, cpuSec: 1 }, peakRssBytes: 9, ...extra })
const block = () => { for (;;) {} }
const waiting = new Map()
const finish = (job) => paused ? (toFinish = job) : waiting.delete(job.jobId) && behave.ok(job)
const behave = {
  ok: (job) => { writeFileSync(job.partPath, 'clean'); done(job.jobId) },
  aiff: (job) => { writeFileSync(job.partPath, 'clean'); done(job.jobId, { extension: '.aiff' }) },
  slow: (job) => { writeFileSync(job.partPath, 'half'); waiting.set(job.jobId, job)
    setTimeout(() => waiting.delete(job.jobId) && behave.ok(job), 30) },
  deleted: (job) => { rmSync(job.inputPath); post({ type: 'failed', jobId: job.jobId, error: { code: 'E_IO', data: {} } }) },
  emptied: (job) => { writeFileSync(job.inputPath, ''); post({ type: 'failed', jobId: job.jobId, error: { code: 'E_EMPTY', data: {} } }) },
  touch: (job) => { appendFileSync(job.inputPath, 'more'); behave.ok(job) },
  crash: (job) => { writeFileSync(job.partPath, 'half'); process.stderr.write('segmentation fault\\n', () => process.exit(139)) },
  once: (job) => existsSync(job.inputPath + '.seen') ? behave.ok(job) : (writeFileSync(job.inputPath + '.seen', ''), behave.crash(job)),
  quit: () => process.exit(0),
  hang: () => block(),
  held: (job) => { writeFileSync(job.partPath, 'half'); waiting.set(job.jobId, job); clearInterval(beating)
    post({ type: 'progress', jobId: job.jobId, fraction: 0.1, audioSecDone: 1, audioSec: 10 })
    setTimeout(() => finish(job), 100) },
  busy: (job) => { post({ type: 'progress', jobId: job.jobId, fraction: 0.02, audioSecDone: 0, audioSec: null })
    setTimeout(() => { const until = Date.now() + 1500; while (Date.now() < until); behave.ok(job) }, 50) },
  garbage: () => process.send({ type: 'done', nonsense: true }),
  lost: (job) => device === 'cpu' ? behave.ok(job) : post({ type: 'failed', jobId: job.jobId, error: { code: 'E_GPU_LOST', data: {} } }),
  blink: (job) => existsSync(job.inputPath + '.seen') ? behave.ok(job) : (writeFileSync(job.inputPath + '.seen', ''), behave.lost(job)),
  late: (job) => { process.send({ ...{ type: 'failed', jobId: job.jobId, error: { code: 'E_CORRUPT', data: {} } }, generation: generation - 1 }); behave.ok(job) },
  corrupt: (job) => post({ type: 'failed', jobId: job.jobId, error: { code: 'E_CORRUPT', data: {} } }),
  full: (job) => post({ type: 'failed', jobId: job.jobId, error: { code: 'E_DISK_FULL', data: {} } }),
  toobig: (job) => post({ type: 'failed', jobId: job.jobId, error: { code: 'E_DISK_FULL', data: { detail: 'EFBIG: file too large, write' } } }),
  polite: (job) => { writeFileSync(job.partPath, 'half'); waiting.set(job.jobId, job); post({ type: 'progress', jobId: job.jobId, fraction: 0.1, audioSecDone: 1, audioSec: 10 }) },
  deaf: (job) => { writeFileSync(job.partPath, 'half'); post({ type: 'progress', jobId: job.jobId, fraction: 0.1, audioSecDone: 1, audioSec: 10 }); setTimeout(block, 50) }
}
process.on('message', (message) => {
  if (message.type === 'start') {
    generation = message.generation
    device = message.settings.device
    const mode = message.settings.model.onePassPath
    log('start ' + generation)
    log('on ' + device)
    if (mode === 'dies') process.exit(3)
    if (mode === 'unavailable') post({ type: 'unavailable', error: { code: 'E_DEVICE_UNAVAILABLE', data: { device, detail: 'gone' } } })
    else if (mode === 'missing') post({ type: 'unavailable', error: { code: 'E_MODEL_MISSING', data: { detail: 'x' } } })
    else post({ type: 'ready', device: 'cpu', join: 'carried', precision: 'fp32', threads: 1, loadSec: 0.01, rssBytes: 1 })
  } else if (message.type === 'denoise') {
    log('job ' + message.job.jobId)
    post({ type: 'started', jobId: message.job.jobId })
    const name = message.job.inputPath.split(/[\\\\/]/).at(-1)
    behave[name.split(/[-.]/)[0]](message.job)
  } else if (message.type === 'pause' || message.type === 'resume') {
    log(message.type)
    paused = message.type === 'pause'
    if (!paused && toFinish) finish(toFinish)
  } else if (message.type === 'cancel') {
    if (waiting.delete(message.jobId)) post({ type: 'failed', jobId: message.jobId, error: { code: 'E_CANCELLED', data: {} } })
  } else process.exit(0)
})
process.on('disconnect', () => process.exit(0))
`

/** A temporary folder with the fake engine in it. */
export class FakeEngineFolder {
  readonly root = mkdtempSync(path.join(tmpdir(), 'stillwave-host-'))
  readonly enginePath = path.join(this.root, 'fake-engine.mjs')
  readonly logPath = path.join(this.root, 'log.txt')

  constructor() {
    writeFileSync(this.enginePath, FAKE_ENGINE)
    writeFileSync(this.logPath, '')
    process.env.FAKE_LOG = this.logPath
  }

  job(name: string): FileJob {
    return {
      jobId: name,
      inputPath: path.join(this.root, name),
      partPath: path.join(this.root, `.${name}.part`),
      outputContainer: null,
      residualGain: 0,
      isUrgent: false
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Settings for the fake engine; `mode` says how it starts: well, `dies` or `missing`. */
export function fakeSettings(mode = 'well'): EngineSettings {
  return {
    model: { onePassPath: mode, statefulPath: null, onePassSha256: null, statefulSha256: null },
    fullModel: null,
    device: 'cpu',
    join: 'carried',
    chunkSec: 0.01,
    overlapSec: 0,
    batch: 1,
    threads: null,
    ffmpegPath: null
  }
}
