import { execFileSync, fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { killChild } from '../shared/processes/killChild'
import { createSink } from '../audio/io/pcmSink'
import {
  codeOf,
  decodeFile,
  ffmpegForTests,
  sharedFolder,
  temporaryFolder,
  wavBytes
} from '../audio/io/testing/fixtures'
import type { SinkFormat } from '../audio/io/types'
import { MediaEvent } from './protocol'
import type { MediaRequest } from './protocol'

/** The contract of the built media process, over the transport that the tests use. */
const BUILT = resolve(process.cwd(), 'out/main/media.js')
const isBuilt = existsSync(BUILT)
if (!isBuilt) console.info('skipped: out/main/media.js is not built (npm run build)')
if (!isBuilt && process.env.CI === 'true')
  throw new Error('the media process must be built before its contract is tested')

const ffmpeg = await ffmpegForTests()
const corpus = sharedFolder('audio-corpus')
const folder = await temporaryFolder()

type Probed = Extract<MediaEvent, { type: 'probed' }>
type Configured = Extract<MediaEvent, { type: 'configured' }>

class Child {
  readonly process: ChildProcess
  readonly exited: Promise<number | NodeJS.Signals>
  readonly events: MediaEvent[] = []
  private readonly answers = new Map<number, (event: MediaEvent) => void>()
  private lastId = 0

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.process = fork(BUILT, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env })
    this.process.on('message', (message) => {
      const event = MediaEvent.parse(message)
      this.events.push(event)
      if ('id' in event) this.answers.get(event.id)?.(event)
    })
    this.exited = new Promise((done) => {
      this.process.on('exit', (code, signal) => {
        done(code ?? signal!)
      })
    })
  }

  send(request: MediaRequest): void {
    this.process.send(request)
  }

  configure(ffmpegPath: string | null): Promise<Configured> {
    return this.ask((id) => ({ type: 'configure', id, ffmpegPath })) as Promise<Configured>
  }

  async probe(path: string): Promise<Probed['probe']> {
    return ((await this.ask((id) => ({ type: 'probe', id, path }))) as Probed).probe
  }

  ask(request: (id: number) => MediaRequest): Promise<MediaEvent> {
    const id = ++this.lastId
    return new Promise((done) => {
      this.answers.set(id, done)
      this.send(request(id))
    })
  }
}

const children: Child[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    killChild(child.process)
    await child.exited
  }
})
function forked(env?: NodeJS.ProcessEnv): Child {
  const child = new Child(env)
  children.push(child)
  return child
}

async function pcmFile(name: string, format: Partial<SinkFormat>): Promise<string> {
  const path = join(folder, name)
  const sink = await createSink(path, {
    container: 'wav',
    sampleFormat: 's16',
    validBits: 16,
    sampleRateHz: 48_000,
    channels: 2,
    channelMask: 0,
    ...format
  })
  const channels = format.channels ?? 2
  await sink.write(Array.from({ length: channels }, () => new Float32Array(24_000).fill(0.1)))
  await sink.finish()
  return path
}

describe.skipIf(!isBuilt)('the media process', () => {
  it('tells PCM by its header: rate, channels, depth, length and name', async () => {
    const child = forked()
    const s24 = await pcmFile('a.wav', { sampleFormat: 's24', validBits: 24 })
    const f32 = await pcmFile('b.wav', { sampleFormat: 'f32', validBits: 32, channels: 1, sampleRateHz: 16_000 })
    const w64 = await pcmFile('c.w64', { container: 'w64' })
    const aiff = await pcmFile('d.aiff', { container: 'aiff', sampleRateHz: 44_100 })
    const info = { durationSec: 0.5, sampleRateHz: 48_000, channels: 2 }
    expect(await child.probe(s24)).toEqual({ ok: true, info: { ...info, bitDepth: 24, format: 'WAV' } })
    expect(await child.probe(f32)).toEqual({
      ok: true,
      info: { durationSec: 1.5, sampleRateHz: 16_000, channels: 1, bitDepth: 32, format: 'WAV' }
    })
    expect(await child.probe(w64)).toEqual({ ok: true, info: { ...info, bitDepth: 16, format: 'W64' } })
    const seconds = 24_000 / 44_100
    expect(await child.probe(aiff)).toMatchObject({ info: { durationSec: seconds, bitDepth: 16, format: 'AIFF' } })
  })

  it('gives the length that is there, not the one that is declared (a cut recording looked whole)', async () => {
    const path = join(folder, 'cut.wav')
    await writeFile(path, wavBytes({ samples: new Int16Array(16_000).fill(100), dataSize: 320_000 }))
    expect(await forked().probe(path)).toMatchObject({ ok: true, info: { durationSec: 1 } })
  })

  it('answers bad files with the codes that the run would give, and goes on', async () => {
    const child = forked()
    await child.configure(ffmpeg)
    const empty = join(folder, 'empty.wav')
    await writeFile(empty, '')
    const text = join(folder, 'text.mp3')
    await writeFile(text, 'no sound in here\n'.repeat(100))
    const noData = join(folder, 'nodata.wav')
    await writeFile(noData, wavBytes({ samples: new Int16Array(0) }))
    for (const path of [empty, text, noData, join(folder, 'none.wav'), folder]) {
      const probe = await child.probe(path)
      expect(probe.ok ? 'done' : probe.error.code, path).toBe(await codeOf(decodeFile(path, ffmpeg)))
    }
    expect(await child.probe(await pcmFile('after.wav', {}))).toMatchObject({ ok: true })
  })

  it('reads 10,000 small WAVs in well under 20 s, all at once, none lost', async () => {
    const many = join(folder, 'many')
    await mkdir(many)
    const bytes = wavBytes({ samples: new Int16Array(160).fill(7) })
    const paths = Array.from({ length: 10_000 }, (_, i) => join(many, `${i}.wav`))
    for (let at = 0; at < paths.length; at += 500) {
      await Promise.all(paths.slice(at, at + 500).map((path) => writeFile(path, bytes)))
    }
    const child = forked()
    await child.configure(null)
    const startedMs = performance.now()
    const probes = await Promise.all(paths.map((path) => child.probe(path)))
    const seconds = (performance.now() - startedMs) / 1000
    console.info(`10,000 WAVs probed in ${seconds.toFixed(2)} s`)
    expect(probes.every((probe) => probe.ok && probe.info.durationSec === 0.01)).toBe(true)
    expect(seconds).toBeLessThan(15)
  })

  it('ends on shutdown and with its parent', async () => {
    const asked = forked()
    await asked.configure(null)
    asked.send({ type: 'shutdown' })
    expect(await asked.exited).toBe(0)
    const orphan = forked()
    await orphan.configure(null)
    orphan.process.disconnect()
    expect(await orphan.exited).toBe(0)
  })

  it('says that there is no ffmpeg where there is none, and that the one that was set does not work', async () => {
    const child = forked({ ...process.env, PATH: folder })
    expect(await child.configure(null)).toMatchObject({ ffmpeg: null, error: null })
    const foreign = join(folder, 'foreign.mp3')
    await writeFile(foreign, Buffer.from('fffb9064', 'hex'))
    expect(await child.probe(foreign)).toMatchObject({ ok: false, error: { code: 'E_NO_FFMPEG' } })
    const wrong = join(folder, 'not-ffmpeg')
    await writeFile(wrong, '')
    expect(await child.configure(wrong)).toMatchObject({ ffmpeg: null, error: { code: 'E_NO_FFMPEG' } })
    expect(await child.probe(foreign)).toMatchObject({ ok: false, error: { code: 'E_NO_FFMPEG' } })
  })

  it('answers a message that it does not understand where it can', async () => {
    const child = forked()
    child.process.send({ type: 'probe', id: 7, path: 5 })
    child.process.send('nonsense')
    expect(await child.configure(null)).toMatchObject({ type: 'configured' })
    expect(child.events[0]).toMatchObject({
      type: 'probed',
      id: 7,
      probe: { ok: false, error: { code: 'E_INTERNAL' } }
    })
  })
})

/** Names of the processes that this one has started. */
function childrenOf(pid: number): string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return parent === pid ? [stat] : []
    } catch {
      // It ended while the list was read.
      return []
    }
  })
}

describe.skipIf(!isBuilt || ffmpeg === null)('the media process with ffmpeg', () => {
  const make = (name: string, ...args: string[]): string => {
    const path = join(folder, name)
    execFileSync(ffmpeg!, ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:sample_rate=44100:duration=2', ...args, path])
    return path
  }

  it('tells which ffmpeg it found, and its version', async () => {
    const { ffmpeg: found } = await forked().configure(null)
    const said = execFileSync(ffmpeg!, ['-version'], { encoding: 'utf8' })
    expect(found?.path).toBe(ffmpeg)
    expect(said.startsWith(`ffmpeg version ${found!.version} `)).toBe(true)
  })

  it('names codecs and depths of what is not PCM', async () => {
    const child = forked()
    const flac = make('a.flac', '-c:a', 'flac', '-sample_fmt', 's32', '-bits_per_raw_sample', '24')
    const facts = { sampleRateHz: 44_100, channels: 1 }
    expect(await child.probe(flac)).toEqual({
      ok: true,
      info: { ...facts, durationSec: 2, bitDepth: 24, format: 'FLAC' }
    })
    const lossy = { ...facts, bitDepth: null }
    expect(await child.probe(make('b.mp3', '-c:a', 'mp3'))).toMatchObject({ info: { ...lossy, format: 'MP3' } })
    expect(await child.probe(make('c.m4a', '-c:a', 'aac'))).toMatchObject({ info: { ...lossy, format: 'AAC' } })
    expect(await child.probe(make('d.opus', '-c:a', 'libopus'))).toMatchObject({
      info: { sampleRateHz: 48_000, bitDepth: null, format: 'OPUS' }
    })
    expect(await child.probe(make('e.m4a', '-c:a', 'alac'))).toMatchObject({ info: { bitDepth: 16, format: 'ALAC' } })
    expect(await child.probe(make('f.caf', '-c:a', 'pcm_s24be'))).toMatchObject({
      info: { ...facts, bitDepth: 24, format: 'CAF' }
    })
  })

  it.skipIf(process.platform !== 'linux')(
    'never has more than two children of ffmpeg, and PCM does not wait for them',
    async () => {
      const child = forked()
      await child.configure(ffmpeg)
      const mp3 = make('many.mp3', '-c:a', 'mp3')
      const paths = Array.from({ length: 12 }, (_, i) => join(folder, `many-${i}.mp3`))
      for (const path of paths) await copyFile(mp3, path)
      const wav = await pcmFile('beside.wav', {})
      const order: string[] = []
      let most = 0
      const watch = setInterval(() => {
        most = Math.max(most, childrenOf(child.process.pid!).length)
      }, 5)
      await Promise.all([
        ...paths.map(async (path) => {
          expect(await child.probe(path)).toMatchObject({ ok: true })
          order.push('mp3')
        }),
        child.probe(wav).then(() => order.push('wav'))
      ])
      clearInterval(watch)
      expect(most).toBeGreaterThan(0)
      expect(most).toBeLessThanOrEqual(2)
      expect(order.indexOf('wav')).toBeLessThan(order.length - 1)
    }
  )

  it.skipIf(process.platform === 'win32')('cancels a probe under way at once, and leaves no child', async () => {
    // Stands in for an ffprobe that hangs: found beside the ffmpeg that is set.
    const slow = join(folder, 'slow')
    await mkdir(slow)
    await writeFile(join(slow, 'ffmpeg'), '#!/bin/sh\necho "ffmpeg version slow"\n', { mode: 0o755 })
    await writeFile(join(slow, 'ffprobe'), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 })
    const child = forked()
    expect((await child.configure(join(slow, 'ffmpeg'))).ffmpeg?.version).toBe('slow')
    const path = make('hang.mp3', '-c:a', 'mp3')
    for (const id of [101, 102, 103]) child.send({ type: 'probe', id, path })
    while (process.platform === 'linux' && childrenOf(child.process.pid!).length < 2) {
      await new Promise((done) => setTimeout(done, 20))
    }
    const startedMs = performance.now()
    for (const id of [101, 102, 103]) child.send({ type: 'cancel', id })
    while (child.events.filter((event) => event.type === 'probed').length < 3) {
      await new Promise((done) => setTimeout(done, 10))
    }
    expect(performance.now() - startedMs).toBeLessThan(1500)
    for (const event of child.events.slice(1)) {
      expect(event).toMatchObject({ probe: { ok: false, error: { code: 'E_CANCELLED' } } })
    }
    if (process.platform === 'linux') expect(childrenOf(child.process.pid!)).toEqual([])
  })
})

interface Entry {
  readonly file: string
  readonly expect: 'ok' | 'partial' | 'short' | 'reject' | 'either'
  readonly sha256: string
}

// Catches a header that only decoding refuses, a crash of the process by a broken file, and any byte written to a source.
describe.skipIf(!isBuilt || ffmpeg === null || corpus === null)('the corpus of odd and broken files', () => {
  it('is probed without a crash; what can be decoded has facts, and no source is touched', async () => {
    const entries = JSON.parse(readFileSync(join(corpus!, 'manifest.json'), 'utf8')) as Entry[]
    const child = forked()
    await child.configure(ffmpeg)
    const probes = await Promise.all(
      entries.map(async (entry) => [entry, await child.probe(join(corpus!, entry.file))] as const)
    )
    for (const [entry, probe] of probes) {
      if (entry.expect === 'ok' || entry.expect === 'partial') expect(probe, entry.file).toMatchObject({ ok: true })
      if (!probe.ok) expect(probe.error.code, entry.file).not.toBe('E_INTERNAL')
      const bytes = readFileSync(join(corpus!, entry.file))
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(entry.sha256)
    }
    expect(child.process.exitCode).toBeNull()
  })
})
