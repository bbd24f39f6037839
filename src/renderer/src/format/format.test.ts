import { describe, expect, it } from 'vitest'
import { formatClock, formatSpan, formatTimeLeft } from './durations'
import { formatBytes, formatDecibels, formatNumber, formatPercent, formatRate, formatSpeed } from './numbers'

describe('numbers', () => {
  it.each([
    [0, '0 B', '0 B'],
    [980, '980 B', '980 B'],
    [2_563_301, '2.6 MB', '2.6 MB'],
    [124_400_000, '124 MB', '124 MB'],
    [999_960_000, '1 GB', '1 GB'],
    [16_900_000_000, '17 GB', '17 GB'],
    [3_400_000_000_000, '3,400 GB', '3,400 GB']
  ])('bytes %d: never "1,000 MB"', (bytes, en, zh) => {
    expect([formatBytes(bytes, 'en'), formatBytes(bytes, 'zh-CN')]).toEqual([en, zh])
  })

  it.each([
    [16_000, '16 kHz'],
    [44_100, '44.1 kHz'],
    [11_025, '11.025 kHz'],
    [192_000, '192 kHz'],
    [800, '800 Hz']
  ])('rate %d keeps every digit that tells rates apart', (hertz, text) => {
    expect(formatRate(hertz, 'en')).toBe(text)
    expect(formatRate(hertz, 'zh-CN')).toBe(text)
  })

  it.each([
    [null, '–'],
    [Infinity, '–'],
    [0.842, '0.84×'],
    [0.999, '1.0×'],
    [12, '12.0×'],
    [12.345, '12.3×'],
    [99.96, '100×'],
    [1234.5, '1,235×']
  ])('speed %s keeps its width: "12.0", not "12"', (speed, text) => {
    expect(formatSpeed(speed, 'en')).toBe(text)
  })

  it('percent is 100 only when all is done (99.7 % shown as finished)', () => {
    expect([0, 0.005, 0.29, 0.997, 1, 1.2].map((f) => formatPercent(f, 'en'))).toEqual([
      '0%',
      '0%',
      '29%',
      '99%',
      '100%',
      '100%'
    ])
  })

  it('numbers and decibels', () => {
    expect(formatNumber(10_000, 'zh-CN')).toBe('10,000')
    expect(formatNumber(2.7533, 'en', 2)).toBe('2.75')
    expect([formatDecibels(6.02, 'en'), formatDecibels(13.98, 'zh-CN')]).toEqual(['6 dB', '14 dB'])
  })
})

describe('durations', () => {
  it.each([
    [null, '–'],
    [0, '0:00'],
    [0.2, '0:01'],
    [7.4, '0:07'],
    [59.6, '1:00'],
    [271, '4:31'],
    [3765, '1:02:45'],
    [36_000, '10:00:00']
  ])('clock of %s', (sec, text) => {
    expect(formatClock(sec, 'en')).toBe(text)
    expect(formatClock(sec, 'zh-CN')).toBe(text)
  })

  it.each([
    [0.25, '0.25 s', '0.25 秒'],
    [1, '1 s', '1 秒'],
    [42.4, '42 s', '42 秒'],
    [59.7, '1 min', '1 分'],
    [271, '4 min 31 s', '4 分 31 秒'],
    [3599.8, '1 h', '1 小时'],
    [7500, '2 h 5 min', '2 小时 5 分']
  ])('span of %d: never "60 s" or "60 min"', (sec, en, zh) => {
    expect([formatSpan(sec, 'en'), formatSpan(sec, 'zh-CN')]).toEqual([en, zh])
  })

  it.each([
    [0.3, 'a moment', '片刻'],
    [4.6, '5 s', '5 秒'],
    [271, '4 min 31 s', '4 分 31 秒'],
    [754, '13 min', '13 分'],
    [4000, '1 h 7 min', '1 小时 7 分']
  ])('time left of %d is calm: no seconds beside ten minutes', (sec, en, zh) => {
    expect([formatTimeLeft(sec, 'en'), formatTimeLeft(sec, 'zh-CN')]).toEqual([en, zh])
  })
})
