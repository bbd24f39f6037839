/**
 * Asks for what is looked at now, one question at a time: while an answer is awaited only the newest wish is remembered, so that a
 * fast zoom does not leave a row of questions that nobody waits for.
 */
export class AskInTurn<Q, A> {
  readonly #ask: (question: Q) => Promise<A>
  readonly #take: (question: Q, answer: A) => void
  readonly #fail: (thrown: unknown) => void
  #waiting: Q | null = null
  #isAsking = false
  #isClosed = false

  constructor(
    ask: (question: Q) => Promise<A>,
    { take, fail }: { take: (question: Q, answer: A) => void; fail: (thrown: unknown) => void }
  ) {
    this.#ask = ask
    this.#take = take
    this.#fail = fail
  }

  wish(question: Q): void {
    this.#waiting = question
    void this.#work()
  }

  close(): void {
    this.#isClosed = true
    this.#waiting = null
  }

  async #work(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    for (let question = this.#waiting; question !== null; question = this.#waiting) {
      this.#waiting = null
      await this.#one(question)
    }
    this.#isAsking = false
  }

  async #one(question: Q): Promise<void> {
    try {
      const answer = await this.#ask(question)
      if (!this.#isClosed) this.#take(question, answer)
    } catch (thrown) {
      if (!this.#isClosed) this.#fail(thrown)
    }
  }
}
