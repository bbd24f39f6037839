import { cpus } from 'node:os'
import type { AppInfo } from '../../shared/ipc/views'
import type { FfmpegStatus } from '../processes/mediaHost'
import type { CoreOptions } from './coreOptions'
import { totalBytes } from './metricsSampler'

/** What does not change while the app runs, and the ffmpeg that was found; null before anybody looked. */
export function appInfo({ layout, logFolder, locale }: CoreOptions, ffmpeg: FfmpegStatus | null): AppInfo {
  return {
    version: layout.version,
    platform: process.platform,
    arch: process.arch,
    cpuModel: cpuModel(),
    cores: cpus().length,
    totalBytes: totalBytes(),
    ffmpeg: ffmpeg?.ffmpeg ?? null,
    ffmpegError: ffmpeg?.error ?? null,
    logFolder,
    locale
  }
}

export function cpuModel(): string {
  return cpus()[0]?.model.trim() ?? 'unknown'
}
