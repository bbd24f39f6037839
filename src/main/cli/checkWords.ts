import type { SelfCheck } from '../models/modelRecord'

/** `13.5 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`
}

/** `FP16 on cpu: 61.0 dB to FP32, 0.6x its speed, 140 against 180 MB: can be used`. */
export function checkText({ device, snrDb, isFinite, fp32, fp16, speedRatio, isTrusted, error }: SelfCheck): string {
  const head = `FP16 on ${device}:`
  if (error !== null) return `${head} the comparison could not be made (${error.code}); FP32 is used`
  const parts = [isFinite ? (snrDb === null ? 'nothing to compare' : `${snrDb.toFixed(1)} dB to FP32`) : 'not finite']
  if (speedRatio !== null) parts.push(`${speedRatio.toFixed(1)}x its speed`)
  if (fp32 && fp16) parts.push(`${megabytes(fp16.peakRssBytes)} against ${megabytes(fp32.peakRssBytes)} of memory`)
  return `${head} ${parts.join(', ')}: ${isTrusted ? 'can be used' : 'FP32 is used instead'}`
}
