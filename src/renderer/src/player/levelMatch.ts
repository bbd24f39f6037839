import { SIGNALS, type LoudnessView, type Signal } from '../../../shared/ipc/playerViews'

/** More would make a faint rest of noise into something that nobody recorded. */
export const MOST_BOOST_DB = 30

/** Factors that bring all signals to one loudness. */
export interface LevelMatch {
  readonly gains: Readonly<Record<Signal, number>>
  /** The same in dB; null for a signal that is silent, too short, or not there. */
  readonly appliedDb: Readonly<Record<Signal, number | null>>
  /** Signals that would have needed more than {@link MOST_BOOST_DB}: they stay quieter. */
  readonly limited: readonly Signal[]
  /** How much all were lowered together, so that no peak passes full scale; 0 or below. */
  readonly loweredDb: number
  readonly isExact: boolean
}

export const AS_THEY_ARE: LevelMatch = {
  gains: { original: 1, clean: 1, removed: 1 },
  appliedDb: { original: null, clean: null, removed: null },
  limited: [],
  loweredDb: 0,
  isExact: true
}

/** All to the original's loudness (the first that has one, where it is silent), then all down together where one would clip. */
export function matchLevels(view: LoudnessView): LevelMatch {
  const target = SIGNALS.map((signal) => view[signal]?.lufs ?? null).find((lufs) => lufs !== null) ?? null
  if (target === null) return { ...AS_THEY_ARE, isExact: view.isExact }
  const wishes = SIGNALS.map((signal) => {
    const lufs = view[signal]?.lufs ?? null
    return { signal, wishDb: lufs === null ? null : target - lufs, peak: view[signal]?.peak ?? 0 }
  })
  const bounded = wishes.map((wish) => ({ ...wish, db: Math.min(wish.wishDb ?? 0, MOST_BOOST_DB) }))
  const highest = Math.max(...bounded.map(({ db, peak }) => peak * 10 ** (db / 20)))
  const loweredDb = highest > 1 ? -20 * Math.log10(highest) : 0
  const record = <T>(of: (entry: (typeof bounded)[number]) => T): Record<Signal, T> =>
    Object.fromEntries(bounded.map((entry) => [entry.signal, of(entry)])) as Record<Signal, T>
  return {
    gains: record(({ db }) => 10 ** ((db + loweredDb) / 20)),
    appliedDb: record(({ wishDb, db }) => (wishDb === null ? null : db + loweredDb)),
    limited: bounded.filter(({ wishDb }) => (wishDb ?? 0) > MOST_BOOST_DB).map(({ signal }) => signal),
    loweredDb,
    isExact: view.isExact
  }
}
