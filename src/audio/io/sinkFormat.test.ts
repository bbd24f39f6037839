import { describe, expect, it } from 'vitest'
import { sinkCanHold, sinkFormatFor } from './sinkFormat'
import type { AudioFormat } from './types'

function source(overrides: Partial<AudioFormat>): AudioFormat {
  return {
    ...{ container: 'wav', sampleFormat: 's16', validBits: 16, bigEndian: false, sampleRateHz: 48_000, channels: 2 },
    ...{ channelMask: 3, declaredFrames: 10, ...overrides }
  }
}

describe('the format to write', () => {
  // Catches: a source that comes back with another depth or container, or a change nobody is told of.
  it.each([
    [{}, 'wav s16/16 .wav', false],
    [{ container: 'rf64', sampleFormat: 's24', validBits: 20 }, 'wav s24/20 .wav', false],
    [{ container: 'w64', sampleFormat: 'f64', validBits: 64 }, 'w64 f64/64 .w64', false],
    [{ container: 'aiff', bigEndian: true, sampleFormat: 's8', validBits: 8 }, 'aiff s8/8 .aiff', false],
    [{ container: 'aifc', bigEndian: true, sampleFormat: 'u8', validBits: 8 }, 'aiff s8/8 .aiff', false],
    [{ container: 'aifc', sampleFormat: 'f32', validBits: 32 }, 'aiff f32/32 .aiff', false],
    [{ bigEndian: true }, 'wav s16/16 .wav', true],
    [{ sampleFormat: 's64', validBits: 64 }, 'wav s32/32 .wav', true],
    [{ container: 'other', sampleFormat: 'compressed', validBits: 16 }, 'wav s16/16 .wav', true],
    [{ container: 'other', sampleFormat: 'compressed', validBits: 24 }, 'wav s24/24 .wav', true],
    [{ container: 'other', sampleFormat: 'compressed', validBits: 32 }, 'wav f32/32 .wav', true]
  ] as const)('%j -> %s, changed: %s', (overrides, wanted, changed) => {
    const choice = sinkFormatFor(source(overrides), null)
    const { container, sampleFormat, validBits } = choice.format
    expect(`${container} ${sampleFormat}/${validBits} ${choice.extension}`).toBe(wanted)
    expect(choice.changed).toBe(changed)
  })

  it('keeps the extension of the source where it fits the container, and only there', () => {
    const aiff = source({ container: 'aiff', bigEndian: true })
    expect(sinkFormatFor(aiff, null, 'a/b.AIF').extension).toBe('.AIF')
    expect(sinkFormatFor(source({}), null, 'a/b.wave').extension).toBe('.wave')
    expect(sinkFormatFor(source({}), null, 'a/b.mp3').extension).toBe('.wav')
  })

  it('maps a depth that the chosen container lacks without loss', () => {
    const narrow = source({ sampleFormat: 's32', validBits: 24 })
    expect(sinkFormatFor(narrow, 'aiff').format).toMatchObject({ sampleFormat: 's24', validBits: 24, channelMask: 0 })
    expect(sinkFormatFor(source({ sampleFormat: 'u8', validBits: 8 }), 'aiff').format.sampleFormat).toBe('s8')
    expect(
      sinkFormatFor(source({ container: 'aiff', sampleFormat: 's8', validBits: 8 }), 'wav').format.sampleFormat
    ).toBe('u8')
  })

  it('knows that AIFF ends at 4 GiB and WAV does not', () => {
    const { format } = sinkFormatFor(source({ sampleFormat: 'f32', validBits: 32 }), 'aiff')
    expect(sinkCanHold(format, 2 ** 29 - 200)).toBe(true)
    expect(sinkCanHold(format, 2 ** 29)).toBe(false)
    expect(sinkCanHold({ ...format, container: 'wav' }, 2 ** 40)).toBe(true)
  })
})
