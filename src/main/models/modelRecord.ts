import { z } from 'zod'
import { DEVICES } from '../../shared/settings/choices'
import { ERROR_CODES } from '../../shared/errors/appError'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** One file of an installed model; `name` is relative to the model's folder, with `/`. */
export const ModelFileRecord = z.object({
  name: z.string().regex(/^fp(?:32|16)\/[^/\\]+$/),
  bytes: z.number().int().nonnegative(),
  sha256,
  /** When it was last hashed it was changed then: another time is a reason to hash it again. */
  mtimeMs: z.number()
})
export type ModelFileRecord = z.infer<typeof ModelFileRecord>

/** The files of one precision. `data` are constants that ONNX Runtime maps; the graphs name them. */
export const PrecisionFiles = z.object({
  onePass: ModelFileRecord,
  stateful: ModelFileRecord.nullable(),
  data: z.array(ModelFileRecord)
})
export type PrecisionFiles = z.infer<typeof PrecisionFiles>

const Cost = z.object({ wallSec: z.number(), peakRssBytes: z.number() })

/** FP16 against FP32 on one device, on a fixed clip. */
export const SelfCheck = z.object({
  device: z.enum(DEVICES),
  checkedAt: z.string(),
  /** Null where the comparison is no number. */
  snrDb: z.number().nullable(),
  isFinite: z.boolean(),
  /** Null where the run did not come to its end. */
  fp32: Cost.nullable(),
  fp16: Cost.nullable(),
  /** Time of FP32 over time of FP16: above 1 FP16 is the quicker one. */
  speedRatio: z.number().nullable(),
  /** Whether FP16 may be used on this device. */
  isTrusted: z.boolean(),
  /** What kept the check from its end. */
  error: z
    .object({ code: z.enum(ERROR_CODES), data: z.record(z.string(), z.union([z.string(), z.number()])) })
    .nullable()
})
export type SelfCheck = z.infer<typeof SelfCheck>

/** `model.json` of an installed model: written last, so that a folder that has one is whole. */
export const ModelRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  name: z.string(),
  /** Null where nobody said. */
  licence: z.string().nullable(),
  notes: z.string().nullable(),
  source: z.object({
    kind: z.enum(['checkpoint', 'own', 'foreign']),
    fileName: z.string(),
    bytes: z.number().int().nonnegative(),
    sha256
  }),
  /** Complex channels and U-Nets; null for models of others. */
  channels: z.number().int().positive().nullable(),
  cascade: z.union([z.literal(1), z.literal(2)]).nullable(),
  addedAt: z.string(),
  verifiedAt: z.string(),
  precisions: z.object({ fp32: PrecisionFiles.nullable(), fp16: PrecisionFiles.nullable() }),
  selfChecks: z.array(SelfCheck),
  /** Names of files that the last verification found wrong or missing. */
  damaged: z.array(z.string())
})
export type ModelRecord = z.infer<typeof ModelRecord>

/** All files of a model. */
export function filesOf({ precisions }: ModelRecord): readonly ModelFileRecord[] {
  return [precisions.fp32, precisions.fp16].flatMap((files) => (files === null ? [] : filesOfPrecision(files)))
}

/** The files of one precision. */
export function filesOfPrecision({ onePass, stateful, data }: PrecisionFiles): readonly ModelFileRecord[] {
  return stateful === null ? [onePass, ...data] : [onePass, stateful, ...data]
}

const ID = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)$/

/** Whether an id can be the name of a folder on every system: small letters, digits, - and _. */
export function isSafeId(id: string): boolean {
  return ID.test(id) && !RESERVED.test(id)
}

/** What a model of this file is called: the file's name without the ending of its format. */
export function nameOfFile(fileName: string): string {
  const stem = fileName.replace(/(?:\.(?:onnx|pt|pth|bin|ckpt|safetensors))+$/iu, '').trim()
  return stem === '' ? fileName : stem
}

/** The id that a file's name suggests. */
export function idFromName(fileName: string): string {
  const id = nameOfFile(fileName)
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/gu, '-')
    .replace(/^[_-]+|[_-]+$/gu, '')
    .slice(0, 60)
    .replace(/[_-]+$/u, '')
  return isSafeId(id) ? id : `model${id === '' ? '' : `-${id}`}`
}
