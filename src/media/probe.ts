import { encodersOf } from '../audio/io/encode/encoderList'
import { lackedFormats } from '../audio/io/encode/lackedFormats'
import { locateFfmpeg } from '../audio/io/ffmpeg/findFfmpeg'
import { openMediaFile } from '../audio/io/mediaInfo'
import { toAppError } from '../shared/errors/appError'
import type { Probe } from '../shared/jobs/job'
import type { FoundFfmpeg } from './protocol'
import { Slots } from './slots'

/** Headers read at a time: more than libuv has threads gain nothing. */
const MAX_HEADERS = 8
/** ffmpeg children at a time. */
const MAX_CHILDREN = 2

/** Looks at files, and knows which ffmpeg to ask. */
export class Prober {
  private readonly headers = new Slots(MAX_HEADERS)
  private readonly children = new Slots(MAX_CHILDREN)
  private ffmpeg: Promise<FoundFfmpeg | null> | null = null

  /** Which ffmpeg to use from now on. Throws E_NO_FFMPEG where one is set and does not work. */
  configure(ffmpegPath: string | null): Promise<FoundFfmpeg | null> {
    const found = withAbilities(ffmpegPath)
    // Who probes a file that needs it is told as well.
    found.catch(() => undefined)
    this.ffmpeg = found
    return found
  }

  /** The ffmpeg in use; null where there is none. Throws E_NO_FFMPEG where one is set and does not work. */
  async ffmpegPath(): Promise<string | null> {
    return (await (this.ffmpeg ?? this.configure(null)))?.path ?? null
  }

  /** Never rejects: what is wrong with the file is the answer. */
  async probe(path: string, signal: AbortSignal): Promise<Probe> {
    try {
      const file = await this.headers.run(() => openMediaFile(path), signal)
      if (file.info !== null) return { ok: true, info: file.info }
      const ffmpegPath = await this.ffmpegPath()
      const info = await this.children.run(() => file.askFfmpeg(ffmpegPath, signal), signal)
      return { ok: true, info }
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.code === 'E_INTERNAL') console.error(error.stack, error.cause ?? '')
      return { ok: false, error: error.toPayload() }
    }
  }
}

/** What was found, with what it can do. */
async function withAbilities(setting: string | null): Promise<FoundFfmpeg | null> {
  const found = await locateFfmpeg(setting)
  return found === null ? null : { ...found, lacks: lackedFormats(await encodersOf(found.path)) }
}
