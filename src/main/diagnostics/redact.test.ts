import { describe, expect, test } from 'vitest'
import { redactAll, redactor } from './redact'

const redact = redactor({
  home: '/home/ann.smith',
  userName: 'ann',
  hostName: 'anns-laptop.local',
  appRoot: '/opt/Stillwave/resources/app.asar',
  names: ['Interview with Bob', 'Secret Project', 'ode', '采访']
})

describe('what leaves the machine', () => {
  test.each([
    ["ENOENT: no such file, open '/home/ann.smith/Music/My take (2).wav'", /^ENOENT: no such file, open '<path>$/u],
    ['~/Music/My take.wav is not there', /^<path>$/u],
    [String.raw`C:\Users\Ann\take.wav is gone`, /^<path>$/u],
    [String.raw`\\server\share\take.wav is gone`, /^<path>$/u],
    ['file:///home/x/a.wav', /^<path>$/u],
    ['Interview with Bob.wav: E_CORRUPT', /^<file>: E_CORRUPT$/u],
    ['文件采访录音失败 E_MODEL_OUTPUT', /^文件<file>录音失败 E_MODEL_OUTPUT$/u],
    ['take.flac failed', /^<file> failed$/u],
    ['in Secret Project', /^in <file>$/u],
    ['Ann on ANNS-LAPTOP said so', /^<user> on <host> said so$/u],
    ['at f (/opt/Stillwave/resources/app.asar/out/main/a.js:1:2)', /^at f \(<app>\/out\/main\/a\.js:1:2\)$/u]
  ])('%s', (text, expected) => {
    expect(redact(text)).toMatch(expected)
  })

  test('keeps what helps: words that hold the name, codes, figures (a report of stars helps nobody)', () => {
    const kept = 'cannot load: E_GPU_OOM, 2.5x real time, 16/24 bit and/or more, 2026-11-23T05:00:00.000Z'
    expect(redact(kept)).toBe(kept)
  })

  test('goes through values of every depth, and leaves keys alone', () => {
    expect(redactAll({ ann: ['ann', { x: 'ann' }], n: 1, no: null }, redact)).toEqual({
      ann: ['<user>', { x: '<user>' }],
      n: 1,
      no: null
    })
  })
})
