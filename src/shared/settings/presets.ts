import type { ChunkSettings, UserPreset } from './appSettings'

/** What of a model decides which chunks suit it. */
export interface ModelTraits {
  /** Carried chunks need the stateful companion. */
  readonly hasStateful: boolean
  /** The carried chunk that suits it; seconds. */
  readonly chunkSec: number
  /** U-Nets in a row: how far an overlapped chunk has to look around itself. Absent counts as two, as in the engine. */
  readonly cascade?: 1 | 2
}

/** The presets that every model has, in the order of the list. */
export const BUILT_IN_PRESETS = ['lowMemory', 'balanced', 'fastest', 'article'] as const
export type BuiltInPreset = (typeof BUILT_IN_PRESETS)[number]

/** A preset by name: one of ours, or one of the user's by its id. */
export type PresetRef =
  { readonly kind: 'builtIn'; readonly id: BuiltInPreset } | { readonly kind: 'user'; readonly id: string }

const ARTICLE: ChunkSettings = { join: 'overlap', chunkSec: 2, overlapSec: 0.5, batch: 1 }

/**
 * What a preset means for a model. Measured on two cores, CPU seconds and peak memory: FRCRN-lite over four minutes took 18 % more
 * in chunks of 0.5 s than of 1 s (117 against 124 MB) and least from 2 s on (145 MB); a full-size network took as much at 0.25 s as
 * at 0.5 s (275 against 317 MB) and 12 % more at 2 s (637 MB). A batch gained nothing on a CPU: no preset asks for one.
 */
export function presetValues(preset: BuiltInPreset, model: ModelTraits): ChunkSettings {
  if (preset === 'article') return ARTICLE
  return model.hasStateful ? carriedValues(preset, model.chunkSec) : overlapValues(preset)
}

/** The presets worth a name for this model: one that would do the same as Balanced is left out. */
export function presetsFor(model: ModelTraits): readonly BuiltInPreset[] {
  const balanced = presetValues('balanced', model)
  return BUILT_IN_PRESETS.filter((id) => id === 'balanced' || !sameChunks(presetValues(id, model), balanced))
}

/** Only a light network, one whose own chunk is a second or more, gains by longer chunks. */
function carriedValues(preset: Exclude<BuiltInPreset, 'article'>, modelChunkSec: number): ChunkSettings {
  const fastest = modelChunkSec >= 1 ? Math.max(2, modelChunkSec) : modelChunkSec
  const chunkSec = { lowMemory: Math.min(0.5, modelChunkSec / 2), balanced: modelChunkSec, fastest }[preset]
  return { join: 'carried', chunkSec, overlapSec: fittedOverlapSec(ARTICLE.overlapSec, chunkSec), batch: 1 }
}

function overlapValues(preset: Exclude<BuiltInPreset, 'article'>): ChunkSettings {
  const chunkSec = { lowMemory: 1, balanced: 4, fastest: 10 }[preset]
  return { join: 'overlap', chunkSec, overlapSec: 0.25, batch: 1 }
}

/** What the form takes when a person changes how chunks join: that way's own starting point. */
export function joinValues(join: ChunkSettings['join'], model: ModelTraits): ChunkSettings {
  return join === 'carried' && model.hasStateful ? presetValues('balanced', model) : ARTICLE
}

/** Which preset these values are: ours first, then the user's; null where they are nobody's. */
export function presetOf(
  values: ChunkSettings,
  model: ModelTraits,
  userPresets: readonly UserPreset[]
): PresetRef | null {
  const builtIn = presetsFor(model).find((id) => sameChunks(presetValues(id, model), values))
  if (builtIn !== undefined) return { kind: 'builtIn', id: builtIn }
  const user = userPresets.find((preset) => sameChunks(preset.values, values))
  return user ? { kind: 'user', id: user.id } : null
}

/** Whether both do the same work; the overlap counts only where chunks overlap. */
export function sameChunks(a: ChunkSettings, b: ChunkSettings): boolean {
  if (a.join !== b.join || a.chunkSec !== b.chunkSec || a.batch !== b.batch) return false
  return a.join === 'carried' || a.overlapSec === b.overlapSec
}

/** The longest overlap that a chunk allows; seconds. */
export function longestOverlapSec(chunkSec: number): number {
  return chunkSec / 2
}

/** The overlap after the chunk's length changed: what it was, or half of the chunk. */
export function fittedOverlapSec(overlapSec: number, chunkSec: number): number {
  return Math.min(overlapSec, longestOverlapSec(chunkSec))
}

const FRAME_SEC = 0.02

/** What one overlapped chunk reads beside its payload; seconds. FRCRN.md 2.3, as `contextSamples` in the engine counts it. */
export function contextSec(cascade: 1 | 2): { readonly left: number; readonly right: number } {
  return { left: (45 * cascade + 1) * FRAME_SEC, right: (7 * cascade + 1) * FRAME_SEC }
}

/** How often each second of audio is computed: (chunk + context) / (chunk - overlap); 1 where state is carried. */
export function computeFactor(values: ChunkSettings, model: ModelTraits): number {
  if (values.join === 'carried' && model.hasStateful) return 1
  const { left, right } = contextSec(model.cascade ?? 2)
  const chunk = Math.max(FRAME_SEC, onGrid(values.chunkSec))
  const overlap = Math.min(onGrid(values.overlapSec), chunk - FRAME_SEC)
  return (chunk + left + right) / (chunk - overlap)
}

function onGrid(sec: number): number {
  return Math.round(sec / FRAME_SEC) * FRAME_SEC
}
