/** A round of blind listening: which of the two is behind X is not known until a person has said which is better. */
export type BlindSide = 'x' | 'y'
export type BlindVote = BlindSide | 'none'
export type BlindSignal = 'original' | 'clean'

export interface BlindTest {
  readonly x: BlindSignal
  readonly listeningTo: BlindSide
  /** Null until the round is over. */
  readonly vote: BlindVote | null
  readonly score: { readonly clean: number; readonly original: number; readonly none: number }
}

/** A first or a further round; `coin` is 0 or 1 at random. The score goes on. */
export function blindRound(coin: number, before: BlindTest | null): BlindTest {
  return {
    x: coin % 2 === 0 ? 'original' : 'clean',
    listeningTo: 'x',
    vote: null,
    score: before?.score ?? { clean: 0, original: 0, none: 0 }
  }
}

export function signalBehind(test: BlindTest, side: BlindSide): BlindSignal {
  const other: BlindSignal = test.x === 'original' ? 'clean' : 'original'
  return side === 'x' ? test.x : other
}

/** A vote ends the round; a second one counts nothing. */
export function voted(test: BlindTest, vote: BlindVote): BlindTest {
  if (test.vote !== null) return test
  const for_ = vote === 'none' ? 'none' : signalBehind(test, vote)
  return { ...test, vote, score: { ...test.score, [for_]: test.score[for_] + 1 } }
}

/** A coin that nobody can guess. */
export function tossCoin(): number {
  return crypto.getRandomValues(new Uint8Array(1))[0]! & 1
}
