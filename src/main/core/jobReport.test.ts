import { homedir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../shared/jobs/job'
import { DEFAULT_JOB_SETTINGS } from '../../shared/settings/jobSettings'
import { jobReport } from './jobReport'

const job: Job = {
  id: '1',
  inputPath: path.join(homedir(), 'Recordings', 'a.mp3'),
  root: homedir(),
  relativePath: 'a.mp3',
  explicit: true,
  identity: { device: '1', inode: '2', sizeBytes: 1234, modifiedNs: '4' },
  outputPath: path.join(homedir(), 'Recordings', 'a.clean.wav'),
  settingsKey: 's',
  probe: { ok: true, info: { durationSec: 3, sampleRateHz: 44_100, channels: 2, bitDepth: null, format: 'MP3' } },
  status: { kind: 'failed', error: { code: 'E_CORRUPT', data: { detail: 'frame 7' } } }
}
const report = (changes: Partial<Job> = {}): string =>
  jobReport({
    version: '1.2.3',
    platform: 'linux 6.1 x64',
    cpuModel: 'CPU',
    totalBytes: 8e9,
    engine: {
      kind: 'ready',
      device: 'cpu',
      threads: 4,
      join: 'carried',
      precision: 'fp32',
      precisionReason: 'notTrusted',
      pid: 1
    },
    ffmpeg: null,
    job: { ...job, ...changes },
    settings: DEFAULT_JOB_SETTINGS
  })

describe('jobReport', () => {
  it('holds what helps: versions, device, settings, the file, what happened and what to do', () => {
    const text = report()
    const wanted = [
      'Stillwave 1.2.3',
      'linux 6.1 x64',
      'cpu, 4 threads, carried, FP32 (FP16 is too far from FP32 on this device)',
      'chunk 1 s',
      '1234 bytes',
      'MP3, 3.000 s'
    ]
    for (const part of [...wanted, '[E_CORRUPT]', 'frame 7', 'ffmpeg: none']) expect(text).toContain(part)
    expect(text).toContain('Copy it again')
  })

  it('does not tell whose home it is (reports are pasted into public threads)', () => {
    expect(report()).not.toContain(homedir())
    expect(report()).toContain(`~${path.sep}Recordings${path.sep}a.mp3`)
  })

  it('has words for every state', () => {
    const result = {
      outputPath: '/out/a.wav',
      warnings: ['W_CLIPPED'],
      durationSec: 1,
      sampleRateHz: 1,
      channels: 1,
      processingSec: 2,
      peakRssBytes: 3e6
    } as const
    expect(report({ status: { kind: 'done', result } })).toContain('[W_CLIPPED]')
    expect(report({ status: { kind: 'cancelled', because: { code: 'E_DISK_FULL', data: {} } } })).toContain(
      'E_DISK_FULL'
    )
    expect(report({ probe: null, status: { kind: 'pending', attempts: 1 } })).toContain('Probe: not yet')
    expect(report({ status: { kind: 'skipped' } })).toContain('Skipped')
  })
})
