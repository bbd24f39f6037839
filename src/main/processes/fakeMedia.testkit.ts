import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * A real child process that speaks the media protocol and misbehaves on demand; what it does with a probe is in the path's
 * name. How it starts is in the ffmpeg path that it is given: `dies` ends it before it answers.
 */
const FAKE_MEDIA = `
import { appendFileSync } from 'node:fs'
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
log('start')
process.on('message', (message) => {
  if (message.type === 'configure') {
    log('configure ' + message.ffmpegPath)
    if (message.ffmpegPath === 'dies') process.exit(3)
    const ffmpeg = message.ffmpegPath === null ? null : { path: message.ffmpegPath, version: '7' }
    process.send({ type: 'configured', id: message.id, ffmpeg, error: null })
  } else if (message.type === 'probe') {
    const name = message.path.split(/[\\\\/]/).at(-1)
    log('probe ' + name)
    behave[name.split(/[-.]/)[0]](message.id)
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
