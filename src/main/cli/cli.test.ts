import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { parseCommand, UsageError, type DenoiseArgs } from './args'
import { joinSettings } from './joinSettings'
import { fileReport, totals } from '../reports/runReport'
import { Screen, type Terminal } from './screen'
import { cutToWidth, printable, spokenDuration, spokenRate } from './words'

const parse = (...argv: string[]): DenoiseArgs => {
  const command = parseCommand(argv)
  if (command.kind !== 'denoise') throw new Error(command.kind)
  return command.args
}

describe('parseCommand', () => {
  it('watches until it is ended, and then only (a report of what never ends, a second meaning of skip)', () => {
    const of = (...argv: string[]): unknown => parseCommand(argv)
    expect(of('in', '--watch')).toMatchObject({ args: { watch: true, watchSec: 2, onExists: 'changed' } })
    expect(of('in', '--watch', '--watch-every', '0.5', '--on-exists', 'rename')).toMatchObject({
      args: { watchSec: 0.5, onExists: 'rename' }
    })
    expect(() => of('in', '--watch', '--dry-run')).toThrow('--dry-run')
    expect(() => of('in', '--watch', '--report', 'a.json')).toThrow('--report')
    expect(() => of('in', '--watch', '--name', '{n} {name}')).toThrow('--name')
    expect(() => of('in', '--watch-every', '3')).toThrow('--watch only')
  })

  it('has the defaults that the help text names', () => {
    expect(parse('in')).toEqual({
      inputs: ['in'],
      out: null,
      recursive: true,
      onExists: 'skip',
      model: null,
      precision: 'fp32',
      data: null,
      device: 'auto',
      join: null,
      chunkSec: null,
      overlapSec: null,
      batch: 1,
      budgetMb: null,
      threads: null,
      strengthPercent: 100,
      keepMb: 0,
      floorDb: null,
      namePattern: null,
      format: 'source',
      quality: 'standard',
      video: 'replace',
      audioTrack: null,
      watch: false,
      watchSec: 2,
      above8k: 'keep',
      channels: 'linked',
      keepTimes: true,
      patterns: { include: [], exclude: [] },
      dryRun: false,
      shard: null,
      ffmpeg: null,
      loudness: 'restore',
      targetLufs: -16,
      truePeakDb: null,
      reports: [],
      quiet: false
    })
  })

  it('takes every option, in any place', () => {
    const args = parse(
      '--no-recursive',
      'a',
      '--on-exists=rename',
      '--chunk-seconds',
      '.5',
      'b',
      '--batch',
      '4',
      '--threads=2',
      '--audio-track=2',
      '--quiet',
      '--',
      '-c.wav'
    )
    expect(args).toMatchObject({
      inputs: ['a', 'b', '-c.wav'],
      recursive: false,
      onExists: 'rename',
      chunkSec: 0.5,
      batch: 4,
      threads: 2,
      audioTrack: 2,
      quiet: true
    })
  })

  it('takes a loudness with its negative numbers, and a ceiling with it (a minus was read as an option)', () => {
    const target = parse('in', '--loudness', 'target', '--target-lufs', '-19.5')
    expect(target).toMatchObject({ loudness: 'target', targetLufs: -19.5, truePeakDb: -1 })
    expect(parse('in', '--true-peak-db', '-2')).toMatchObject({ loudness: 'restore', truePeakDb: -2 })
    expect(parse('in', '--loudness=match', '--true-peak-db', 'off').truePeakDb).toBeNull()
    expect(() => parse('in', '--target-lufs', '-19')).toThrow('--loudness target')
  })

  it.each([
    ['--loudness', 'louder'],
    ['--true-peak-db', '3'],
    ['--chunk-seconds', '0'],
    ['--chunk-seconds', '1e3'],
    ['--chunk-seconds', 'NaN'],
    ['--chunk-seconds', ''],
    ['--overlap-seconds', '0x10'],
    ['--batch', '1.5'],
    ['--threads', '0'],
    ['--device', 'tpu'],
    ['--on-exists', 'replace'],
    ['--out', ''],
    ['--above-8k', '8k'],
    ['--audio-track', '0'],
    ['--audio-track', 'eng'],
    ['--channels', 'stereo'],
    ['--floor-db', '-20'],
    ['--strength', '101'],
    ['--keep-mb', '-1'],
    ['--strength', '-1'],
    ['--shard', '0/4'],
    ['--shard', '5/4'],
    ['--shard', '1'],
    ['--report', 'x.txt'],
    ['--name', '../{name}'],
    ['--name', '{nmae}'],
    ['--name', '']
  ])('refuses %s %j by name (half-read numbers ran with NaN)', (option, value) => {
    expect(() => parse('in', option, value)).toThrow(UsageError)
    expect(() => parse('in', option, value)).toThrow(option)
  })

  it('answers --help and --version without inputs', () => {
    expect(parseCommand(['--help', '--batch', '0']).kind).toBe('help')
    expect(parseCommand(['--version']).kind).toBe('version')
  })
})

describe('joinSettings', () => {
  const settings = (hasStateful: boolean, ...argv: string[]): ReturnType<typeof joinSettings> =>
    joinSettings(parse('in', ...argv), { hasStateful, chunkSec: 0.5 })

  it('gives each join its own defaults', () => {
    expect(settings(true).values).toEqual({ join: 'carried', chunkSec: 0.5, overlapSec: 0 })
    expect(settings(true, '--join', 'overlap').values).toEqual({ join: 'overlap', chunkSec: 2, overlapSec: 0.5 })
    expect(settings(true, '--join', 'overlap', '--chunk-seconds', '1').values.overlapSec).toBe(0.25)
  })

  it('runs a model without its companion overlapped, and says so', () => {
    const { values, notes } = settings(false, '--join', 'carried')
    expect(values.join).toBe('overlap')
    expect(notes[0]).toContain('no stateful companion')
  })

  it('refuses an overlap over half of the chunk, and does not swallow one that counts for nothing', () => {
    expect(() => settings(true, '--join', 'overlap', '--chunk-seconds', '1', '--overlap-seconds', '0.6')).toThrow(
      '--overlap-seconds'
    )
    expect(settings(true, '--overlap-seconds', '0.5').notes).toHaveLength(1)
    const carried = ['--chunk-seconds', '1', '--overlap-seconds', '1']
    expect(() => settings(true, ...carried)).toThrow('--overlap-seconds')
  })
})

describe('words', () => {
  it('lets no file name drive the terminal', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed')).toBe('a\ufffd[2Jb\ufffdc\ufffdd')
  })

  it.each([
    [4.23, '4.2 s'],
    [59.4, '59 s'],
    [200, '3 min 20 s'],
    [3905, '1 h 05 min']
  ])('%d seconds are %s', (sec, words) => {
    expect(spokenDuration(sec)).toBe(words)
  })

  it('says rates and cuts lines by columns', () => {
    expect([spokenRate(35.4), spokenRate(1.66)]).toEqual(['35x real time', '1.7x real time'])
    expect([cutToWidth('abcdef', 4), cutToWidth('\u6f22\u5b57\u6f22', 5)]).toEqual(['abcd', '\u6f22\u5b57'])
  })
})

describe('Screen', () => {
  class Paper extends Writable {
    text = ''
    constructor(readonly isTTY: boolean) {
      super()
    }
    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      this.text += chunk.toString()
      done()
    }
  }
  const screen = (isTTY: boolean, quiet = false): { out: Paper; err: Paper; screen: Screen } => {
    const [out, err]: [Paper, Paper] = [new Paper(isTTY), new Paper(isTTY)]
    return { out, err, screen: new Screen(out satisfies Terminal, err, quiet) }
  }

  it('redraws one line on a terminal, and writes no control code into a file', () => {
    const terminal = screen(true)
    terminal.screen.setStatus('10 %')
    terminal.screen.line('a done')
    expect(terminal.out.text).toBe('\r\u001b[2K10 %\r\u001b[2Ka done\n\r\u001b[2K10 %')
    const file = screen(false)
    file.screen.setStatus('10 %')
    file.screen.line('a done')
    expect(file.out.text).toBe('a done\n')
  })

  it('says only what went wrong when quiet', () => {
    const quiet = screen(true, true)
    quiet.screen.setStatus('10 %')
    quiet.screen.line('a done')
    quiet.screen.error('b failed')
    expect([quiet.out.text, quiet.err.text]).toEqual(['', 'b failed\n'])
  })

  it('lives on when its reader goes away, as with `| head`', () => {
    const { out } = screen(false)
    expect(() => out.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }))).not.toThrow()
    expect(() => out.emit('error', new Error('other'))).toThrow('other')
  })
})

describe('report', () => {
  it('says of each end what is known, and null where nothing is', () => {
    const base = { inputPath: '/in/a.wav', relativePath: 'a.wav', outputPath: '/out/a.wav' }
    const skipped = fileReport({ ...base, status: { kind: 'skipped' } })
    expect(skipped).toMatchObject({ status: 'skipped', output: '/out/a.wav', error: null, durationSec: null })
    const failed = fileReport({ ...base, status: { kind: 'failed', error: { code: 'E_EMPTY', data: {} } } })
    expect(failed).toMatchObject({ status: 'failed', output: null, error: { code: 'E_EMPTY' } })
    expect(failed.error?.message).toContain('Copy it again')
    const result = {
      outputPath: '/out/a.aiff',
      warnings: ['W_CLIPPED'],
      durationSec: 10,
      sampleRateHz: 48000,
      channels: 2,
      processingSec: 2,
      peakRssBytes: 1
    } as const
    const done = fileReport({ ...base, status: { kind: 'done', result } })
    expect(done).toMatchObject({ status: 'done', output: '/out/a.aiff', warnings: ['W_CLIPPED'], rtf: 0.2 })
    expect(totals({ files: [done, failed], wallSec: 5, peakRssBytes: 7 })).toEqual({
      done: 1,
      failed: 1,
      skipped: 0,
      cancelled: 0,
      audioSec: 10,
      wallSec: 5,
      rtf: 0.5,
      peakRssBytes: 7
    })
  })
})
