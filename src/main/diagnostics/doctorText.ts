import { describeError } from '../../shared/errors/describe'
import { MESSAGES } from '../../shared/i18n/messages'
import type { Diagnostics, DoctorProblem } from '../../shared/ipc/diagnosticsViews'

const { problems: WORDS } = MESSAGES.en.doctor

/** What the doctor found, as plain text for a terminal and for people. Pure. */
export function doctorText(found: Diagnostics): string {
  const { versions, system, devices, models, ownModels, ffmpeg, errors, problems } = found
  const disk = (bytes: number | null): string => (bytes === null ? 'unknown' : gigabytes(bytes))
  const lines = [
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `System: ${system.platform} ${system.release} ${system.arch}; ${system.cpu}, ${system.cores} cores`,
    `Memory: ${gigabytes(system.memoryBytes)}, ${gigabytes(system.freeMemoryBytes)} free`,
    `Disk: ${disk(system.freeDataDiskBytes)} free for data, ${disk(system.freeTemporaryDiskBytes)} for temporary files`,
    ...models.map(({ file, state, sha256 }) => `Model: ${file} ${state}, ${sha256?.slice(0, 12) ?? 'no hash'}`),
    `Own models: ${ownModels.count}, ${ownModels.damaged} damaged`,
    ...(devices.length === 0 ? ['Devices: none tried yet (npm run device -- probe)'] : devices.map(deviceLine)),
    `ffmpeg: ${ffmpeg ? `${ffmpeg.version}, ${ffmpeg.encoders.length} audio encoders` : 'none'}`,
    selfTestLine(found),
    ...errors.slice(-5).map(({ at, level, text }) => `Logged: ${at} ${level} ${text.slice(0, 160)}`),
    '',
    ...(problems.length === 0 ? ['Nothing is wrong.'] : problems.flatMap(problemLines))
  ]
  return `${lines.join('\n')}\n`
}

function deviceLine({ device, state, reason, adapter, speed, matchDb }: Diagnostics['devices'][number]): string {
  const figures = [
    adapter,
    reason,
    speed === null ? null : `${speed.toFixed(1)}x real time`,
    matchDb === null ? null : `${matchDb.toFixed(0)} dB from the CPU`
  ]
  return `Device: ${[`${device} ${state}`, ...figures.filter((one) => one !== null)].join(', ')}`
}

function selfTestLine({ selfTest }: Diagnostics): string {
  if (!selfTest.ok) {
    const { what } = describeError(selfTest.error)
    return `Self-test: failed, [${selfTest.error.code}] ${what}`
  }
  const { audioSec, wallSec, modelSec, device, peakRssBytes, levelBeforeDb, levelAfterDb } = selfTest
  const level = `${levelBeforeDb.toFixed(1)} to ${levelAfterDb.toFixed(1)} dBFS`
  const inModel = modelSec === null ? '' : `, ${modelSec.toFixed(2)} s of it in the model`
  const time = `${audioSec.toFixed(2)} s of audio in ${wallSec.toFixed(2)} s${inModel}`
  return `Self-test: right on ${device}; ${time}; at most ${Math.round(peakRssBytes / 1e6)} MB; ${level}`
}

/** What is wrong, and what to do. */
function problemLines({ id, weight, detail }: DoctorProblem): readonly string[] {
  const { what, next } = WORDS[id]
  return [`${weight === 'fault' ? 'Wrong' : 'Note'}: ${what}${detail === '' ? '' : ` (${detail})`}`, `  ${next}`]
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
