import type { ErrorPayload } from '../errors/appError'
import type { Device, Precision } from '../settings/choices'

/** What the Models view shows. Bytes and seconds throughout; moments are ISO 8601. */

/** Quality, as means over pairs of noisy and clean speech that training never saw. */
export interface ModelScores {
  readonly siSdrDb: number
  /** 0 to 1. */
  readonly stoi: number
  readonly pairs: number
}

/** FP16 against FP32 on one device, by a fixed clip. */
export interface SelfCheckView {
  readonly device: Device
  readonly checkedAt: string
  /** Finite, and close enough to FP32 (45 dB): FP16 is used on this device. */
  readonly isTrusted: boolean
  /** FP32 over the difference, in dB; null where nothing could be compared. */
  readonly snrDb: number | null
  /** FP32's time over FP16's: below 1 FP16 is slower. */
  readonly speedRatio: number | null
  readonly fp32: CheckCost | null
  readonly fp16: CheckCost | null
  /** What kept it from being done. */
  readonly error: ErrorPayload | null
}

export interface CheckCost {
  readonly wallSec: number
  readonly peakRssBytes: number
}

/** A model that is on this machine, whole or not. */
export interface ShelfModel {
  readonly id: string
  readonly name: string
  /** `checkpoint` was converted here, `own` is a graph of ours, `foreign` anybody's. */
  readonly kind: 'bundled' | 'checkpoint' | 'own' | 'foreign'
  /** Null where nobody said. */
  readonly licence: string | null
  readonly notes: string | null
  /** The file that it was made of; null for bundled ones. */
  readonly sourceFileName: string | null
  readonly sizeBytes: number
  readonly precisions: readonly Precision[]
  readonly selfChecks: readonly SelfCheckView[]
  /** Absent where nobody measured. */
  readonly scores?: ModelScores | undefined
  /** Null for bundled ones, which are hashed at every load. */
  readonly addedAt: string | null
  readonly verifiedAt: string | null
  /** The folder it lies in. */
  readonly folder: string
  /** Why it cannot be used; null where it can. */
  readonly problem: ErrorPayload | null
  /** The offer that brings it back; null where there is none. */
  readonly offerId: string | null
}

/** A model that can be downloaded. */
export interface OfferView {
  readonly id: string
  readonly name: string
  readonly licence: string
  /** What it was trained on, and where it comes from; English. */
  readonly notes: string
  readonly bytes: number
  /** Names of its mirrors, the first one by default. */
  readonly mirrors: readonly string[]
  /** What an earlier download left: it goes on from there. */
  readonly partialBytes: number
  /** The id that it is installed under, whole; null where it is not. */
  readonly installedAs: string | null
}

/** `wait` is for another task's end: they are done one after another, save downloads. */
export const MODEL_PHASES = ['wait', 'download', 'hash', 'inspect', 'convert', 'copy', 'check', 'verify'] as const
export type ModelPhase = (typeof MODEL_PHASES)[number]

/** Something that is being done with a model, or that ended and was not dismissed yet. */
export interface ModelTaskView {
  readonly taskId: string
  readonly kind: 'add' | 'download' | 'verify' | 'selfCheck'
  /** The model or offer it is about; null for all, or for a file that has no id yet. */
  readonly modelId: string | null
  /** What to call it: a model's name, or a file's. */
  readonly name: string
  readonly state:
    | { readonly kind: 'running'; readonly phase: ModelPhase; readonly fraction: number | null }
    /** `modelId` is what came of it; `isNew` false where it was here already; `damaged` names files that are not what they were. */
    | {
        readonly kind: 'done'
        readonly modelId: string | null
        readonly isNew: boolean
        readonly damaged: readonly string[]
      }
    | { readonly kind: 'failed'; readonly error: ErrorPayload }
}

/** Everything of the Models view. */
export interface ModelShelf {
  /** Where the user's models live. */
  readonly folder: string
  /** The one that the program starts with. */
  readonly defaultId: string
  readonly models: readonly ShelfModel[]
  readonly offers: readonly OfferView[]
  readonly tasks: readonly ModelTaskView[]
}
