import { siSdrDb } from '../audio/metrics/siSdr'
import { stoi } from '../audio/metrics/stoi'
import { SAMPLE_RATE_HZ } from './model/network'
import { readMono } from './naiveMaterial'
import type { NaiveEvent, NaiveRequest } from './protocol'

type ScoreRequest = Extract<NaiveRequest, { type: 'score' }>
type ScoredEvent = Extract<NaiveEvent, { type: 'scored' }>

/** Scores results one after the other. RangeError for results of another length than what they are compared with. */
export async function* scoreResults({ paths, cleanPath, naivePath }: ScoreRequest): AsyncGenerator<ScoredEvent> {
  const clean = cleanPath === null ? null : await readMono(cleanPath)
  const naive = naivePath === null ? null : await readMono(naivePath)
  for (const resultPath of paths) {
    const result = await readMono(resultPath)
    yield {
      type: 'scored',
      siSdrDb: clean && finite(siSdrDb(clean, result)),
      stoi: clean && finite(stoi(clean, result, SAMPLE_RATE_HZ)),
      agreementDb: naive && finite(snrDb(naive, result))
    }
  }
}

/** The power of `reference` over that of the difference, in dB. */
export function snrDb(reference: Float32Array, result: Float32Array): number {
  if (reference.length !== result.length) {
    throw new RangeError(`${reference.length} samples of reference, ${result.length} of result`)
  }
  let [power, difference] = [0, 0]
  for (let i = 0; i < reference.length; i++) {
    power += reference[i]! ** 2
    difference += (result[i]! - reference[i]!) ** 2
  }
  return 10 * Math.log10(power / difference)
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
