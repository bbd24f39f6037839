import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * A real child process that speaks the media protocol and misbehaves on demand; what it does with a probe is in the path's
 * name. How it starts is in the ffmpeg path that it is given: `dies` ends it before it answers.
 */
const FAKE_MEDIA = `
import { appendFileSync, readFileSync } from 'node:fs'
const log = (line) => appendFileSync(process.env.FAKE_LOG, line + '\\n')
const waiting = new Map()
const answer = (id, probe) => process.send({ type: 'probed', id, probe })
const info = { durationSec: 1, sampleRateHz: 16000, channels: 1, bitDepth: 16, format: 'WAV' }
const behave = {
  ok: (id) => answer(id, { ok: true, info }),
  sleepy: (id) => { waiting.set(id, setTimeout(() => waiting.delete(id) && behave.ok(id), 20_000)) },
  slow: (id) => { waiting.set(id, setTimeout(() => waiting.delete(id) && behave.ok(id), 300)) },
  bad: (id) => answer(id, { ok: false, error: { code: 'E_CORRUPT', data: {} } }),
  crash: () => process.stderr.write('segmentation fault\\n', () => process.exit(139)),
  hang: () => { for (;;) {} },
  garbage: (id) => process.send({ type: 'probed', id, probe: 5 })
}
const facts = (frames) => ({ sampleRateHz: 16000, frames, channels: 1, sourceChannels: 1, header: new Uint8Array(44) })
const crash = () => process.stderr.write('segmentation fault\\n', () => process.exit(139))
const starts = () => readFileSync(process.env.FAKE_LOG, 'utf8').split('\\n').filter((line) => line === 'start').length
const kindOf = (path) => path.split(/[\\\\/]/).at(-1).split(/[-.]/)[0]
const clips = new Map()
const say = (type, id, value) => process.send({ type, id, result: { ok: true, value } })
const progress = (clipId, fraction) =>
  process.send({ type: 'clipProgress', clipId, fraction, readyFrames: fraction * 1000, error: null })
const clipRequests = {
  openClip: ({ id, clipId, originalPath }) => {
    const kind = kindOf(originalPath)
    log('open ' + kind)
    if (kind === 'unreadable') {
      process.send({ type: 'clipOpened', id, result: { ok: false, error: { code: 'E_CORRUPT', data: {} } } })
      return
    }
    clips.set(clipId, kind)
    say('clipOpened', id, facts(kind === 'grows' ? 1000 * starts() : 1000))
    progress(clipId, kind === 'reading' ? 0.5 : 1)
    if (kind === 'reading') setTimeout(crash, 100)
  },
  closeClip: ({ clipId }) => { log('close ' + clips.get(clipId)); clips.delete(clipId) },
  readClip: ({ id, clipId, startFrame, frames }) => {
    const kind = clips.get(clipId)
    if (kind === undefined) throw new Error('not open')
    log('read ' + kind)
    if (kind === 'fragile' || (kind === 'once' && starts() === 1) || (kind === 'grows' && starts() === 1)) crash()
    else if (kind === 'never') waiting.set(id, null)
    else if (kind === 'patient') setTimeout(() => say('samples', id, new Uint8Array(frames * 4)), 300)
    else say('samples', id, new Uint8Array(frames * 4).fill(startFrame))
  },
  loudness: ({ id }) =>
    say('loudness', id, { original: { lufs: -20, peak: 0.5 }, clean: null, removed: null, isExact: true }),
  tile: ({ id }) => process.send({ type: 'probed', id, probe: { ok: false, error: { code: 'E_INTERNAL', data: {} } } }),
  peaks: ({ id }) => say('samples', id, new Uint8Array(4)),
  excerpt: ({ id, path }) => {
    log('excerpt ' + kindOf(path))
    if (kindOf(path) === 'fragile') crash()
    else say('excerpted', id, { startSec: 1, sampleRateHz: 16000, window: { startFrame: 0, frames: 9 }, wholeAbove: null })
  }
}
log('start')
process.on('message', (message) => {
  if (message.type === 'configure') {
    log('configure ' + message.ffmpegPath)
    if (message.ffmpegPath === 'dies') process.exit(3)
    const ffmpeg = message.ffmpegPath === null ? null : { path: message.ffmpegPath, version: '7', origin: 'setting', lacks: [] }
    process.send({ type: 'configured', id: message.id, ffmpeg, encoders: [], error: null })
  } else if (message.type === 'probe') {
    const name = message.path.split(/[\\\\/]/).at(-1)
    log('probe ' + name)
    behave[name.split(/[-.]/)[0]](message.id)
  } else if (clipRequests[message.type]) {
    clipRequests[message.type](message)
  } else if (message.type === 'cancel') {
    log('cancel')
    clearTimeout(waiting.get(message.id))
    if (waiting.delete(message.id)) answer(message.id, { ok: false, error: { code: 'E_CANCELLED', data: {} } })
  } else process.exit(0)
})
process.on('disconnect', () => process.exit(0))
`

/** A temporary folder with the fake media process in it. */
export class FakeMediaFolder {
  readonly root = mkdtempSync(path.join(tmpdir(), 'stillwave-media-host-'))
  readonly mediaPath = path.join(this.root, 'fake-media.mjs')
  private readonly logPath = path.join(this.root, 'log.txt')

  constructor() {
    writeFileSync(this.mediaPath, FAKE_MEDIA)
    writeFileSync(this.logPath, '')
    process.env.FAKE_LOG = this.logPath
  }

  /** What the processes did, in their order. */
  get log(): string[] {
    return readFileSync(this.logPath, 'utf8').trim().split('\n')
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
