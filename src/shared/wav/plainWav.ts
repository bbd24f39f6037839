/** What a plain WAV holds: 16-bit integers, or float32. */
export interface PlainWav {
  readonly sampleRateHz: number
  readonly channels?: number
  readonly frames: number
  readonly float?: boolean
}

const HEADER_BYTES = 44

/**
 * A whole WAV with the shortest header there is (WAVEFORMAT of Microsoft's Multimedia Standards Update, 44 bytes before the samples): what
 * we make up ourselves, to calibrate with, as samples and in tests. `value` is asked frame by frame and channel by channel; integers
 * of 16 bits are rounded, float32 is full scale at 1.
 */
export function plainWav(shape: PlainWav, value: (frame: number, channel: number) => number): Uint8Array {
  const { channels = 1, frames, float = false } = shape
  const sampleBytes = float ? 4 : 2
  const bytes = new Uint8Array(HEADER_BYTES + frames * channels * sampleBytes)
  const view = new DataView(bytes.buffer)
  writeHeader(view, shape)
  let at = HEADER_BYTES
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < channels; channel++) {
      const one = value(frame, channel)
      if (float) view.setFloat32(at, one, true)
      else view.setInt16(at, Math.round(one), true)
      at += sampleBytes
    }
  }
  return bytes
}

function writeHeader(view: DataView, { sampleRateHz, channels = 1, float = false }: PlainWav): void {
  const sampleBytes = float ? 4 : 2
  const text = (at: number, letters: string): void => {
    for (let i = 0; i < letters.length; i++) view.setUint8(at + i, letters.charCodeAt(i))
  }
  text(0, 'RIFF')
  view.setUint32(4, view.byteLength - 8, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, float ? 3 : 1, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, sampleRateHz, true)
  view.setUint32(28, sampleRateHz * channels * sampleBytes, true)
  view.setUint16(32, channels * sampleBytes, true)
  view.setUint16(34, 8 * sampleBytes, true)
  text(36, 'data')
  view.setUint32(40, view.byteLength - HEADER_BYTES, true)
}
