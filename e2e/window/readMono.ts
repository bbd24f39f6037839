import { openSource } from '../../src/audio/io/openSource'

/** A whole short file, the mean of its channels. */
export async function readMono(path: string): Promise<Float32Array> {
  const source = await openSource(path, { ffmpegPath: null })
  const pieces: Float32Array[] = []
  for (let block = await source.read(65_536); block !== null; block = await source.read(65_536)) {
    pieces.push(meanOf(block))
  }
  await source.close()
  const whole = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function meanOf(channels: readonly Float32Array[]): Float32Array {
  return channels[0]!.map((_, i) => channels.reduce((sum, channel) => sum + channel[i]!, 0) / channels.length)
}
