import { z } from 'zod'
import { HOP_SAMPLES, SAMPLE_RATE_HZ, UNET_DELAY_FRAMES, type NetworkSize } from './network'
import type { StatePlan } from './stateLayout'

/** The key of `metadata_props` under which our models describe themselves. */
export const METADATA_KEY = 'stillwave'
/** Raised when the meaning of inputs, outputs or state changes. */
export const MODEL_FORMAT = 1

const count = z.number().int().nonnegative()

/** What a model of ours says of itself; sizes and offsets are floats per lane. */
export const ModelMetadata = z.object({
  format: z.literal(MODEL_FORMAT),
  kind: z.enum(['one-pass', 'stateful']),
  channels: z.number().int().positive(),
  cascade: z.union([z.literal(1), z.literal(2)]),
  /** What the U-Nets compute in; models from before there was a choice say nothing. */
  precision: z.enum(['fp32', 'fp16']).default('fp32'),
  sampleRateHz: z.literal(SAMPLE_RATE_HZ),
  hopSamples: z.literal(HOP_SAMPLES),
  /** By how much the stateful graph's output is late. */
  delaySamples: count,
  stateSize: count,
  gateSums: z.object({ offset: count, size: count }),
  gateCount: z.object({ offset: count }),
  layout: z.array(z.object({ name: z.string(), shape: z.array(count), offset: count, size: count }))
})
export type ModelMetadata = z.infer<typeof ModelMetadata>

/** `metadata_props` of a model. */
export function metadataOf(
  kind: ModelMetadata['kind'],
  size: NetworkSize,
  plan: StatePlan
): Readonly<Record<string, string>> {
  const metadata: ModelMetadata = {
    format: MODEL_FORMAT,
    kind,
    channels: size.channels,
    cascade: size.cascade,
    precision: 'fp32',
    sampleRateHz: SAMPLE_RATE_HZ,
    hopSamples: HOP_SAMPLES,
    delaySamples: HOP_SAMPLES * (UNET_DELAY_FRAMES * size.cascade + 1),
    stateSize: plan.size,
    gateSums: plan.gateSums,
    gateCount: plan.gateCount,
    layout: plan.entries.map((entry) => ({ ...entry, shape: [...entry.shape] }))
  }
  return { [METADATA_KEY]: JSON.stringify(metadata) }
}

/** The same of a model in FP16. */
export function inFloat16(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const own = ModelMetadata.parse(JSON.parse(metadata[METADATA_KEY] ?? ''))
  return { ...metadata, [METADATA_KEY]: JSON.stringify({ ...own, precision: 'fp16' }) }
}
