import type { MediaBody } from './mediaRequest'

/** Counts the streams that have begun and are not over: by their end, an error, or a reader that left. */
export class StreamCount {
  private open = 0

  constructor(private readonly max: number) {}

  get isFull(): boolean {
    return this.open >= this.max
  }

  counted(body: MediaBody): MediaBody {
    return {
      ...body,
      stream: (start, end) => {
        this.open++
        return body.stream(start, end, () => this.open--)
      }
    }
  }
}
