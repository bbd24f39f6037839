import { z } from 'zod'

/** What a second start hands to the first one; looked at there like everything from outside. */
export const SecondStart = z.strictObject({ paths: z.array(z.string().min(1).max(32_768)).max(10_000) })
export type SecondStart = z.infer<typeof SecondStart>

/** macOS tells opened files one by one: they are gathered for so long. */
const GATHER_MS = 100

/** Files and folders that the system opens with the app: kept until somebody takes them, gathered into one scan. */
export class PathInbox {
  private waiting: string[] = []
  private take: ((paths: readonly string[]) => void) | null = null
  private timer: NodeJS.Timeout | null = null

  add(paths: readonly string[]): void {
    this.waiting.push(...paths)
    this.schedule()
  }

  /** From here on paths are handed over, those that waited first. */
  open(take: (paths: readonly string[]) => void): void {
    this.take = take
    this.schedule()
  }

  private schedule(): void {
    if (this.take === null || this.waiting.length === 0 || this.timer !== null) return
    this.timer = setTimeout(() => {
      this.timer = null
      this.take?.(this.waiting.splice(0))
    }, GATHER_MS)
  }
}
