import { readdirSync, existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Locator } from 'playwright-core'
import type { AnswerOf, RequestOf, RouteName } from '../../src/shared/ipc/contract'
import type { Envelope } from '../../src/shared/ipc/envelope'
import type { Snapshot } from '../../src/shared/ipc/views'
import type { Job } from '../../src/shared/jobs/job'
import type { SettingsPatch } from '../../src/shared/settings/appSettings'
import type { LaunchedApp } from './fixture'

/** One call of the page's own API, as the page makes it. */
export function ask<N extends RouteName>(
  app: LaunchedApp,
  route: N,
  request: RequestOf<N>
): Promise<Envelope<AnswerOf<N>>> {
  return app.page.evaluate(
    ([name, body]) => {
      const [group = '', method = ''] = name.split('.')
      const api = window.stillwave as unknown as Record<string, Record<string, (request: unknown) => Promise<unknown>>>
      return api[group]![method]!(body) as Promise<never>
    },
    [route, request] as const
  )
}

export async function snapshotOf(app: LaunchedApp): Promise<Snapshot> {
  const answer = await ask(app, 'app.snapshot', {})
  if (!answer.ok) throw new Error(`app.snapshot: ${answer.error.code}`)
  return answer.data
}

export async function jobsOf(app: LaunchedApp): Promise<readonly Job[]> {
  return (await snapshotOf(app)).queue.jobs
}

export async function patch(app: LaunchedApp, change: SettingsPatch): Promise<void> {
  const answer = await ask(app, 'settings.patch', change)
  if (!answer.ok) throw new Error(`settings.patch: ${JSON.stringify(answer.error)}`)
}

/** Looks until it is so; says what was seen last where it never is. */
export async function until<T>(
  look: () => Promise<T> | T,
  isSo: (seen: T) => boolean,
  { what, withinMs = 30_000 }: { readonly what: string; readonly withinMs?: number }
): Promise<T> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (isSo(seen)) return seen
    if (Date.now() > endMs) throw new Error(`not within ${withinMs / 1000} s: ${what}; last ${JSON.stringify(seen)}`)
    await sleep(40)
  }
}

/** How many jobs are of a kind, and which. */
export async function kindsOf(app: LaunchedApp): Promise<Readonly<Record<string, number>>> {
  const kinds: Record<string, number> = {}
  for (const { status } of await jobsOf(app)) kinds[status.kind] = (kinds[status.kind] ?? 0) + 1
  return kinds
}

export function button(app: LaunchedApp, name: string): Locator {
  return app.page.getByRole('button', { name, exact: true })
}

/** The row of a file, by its name. */
export function row(app: LaunchedApp, name: string): Locator {
  return app.page.getByRole('row', { name, exact: true })
}

/** The share of a running file that is done; null where it does not run. */
export async function fractionOf(app: LaunchedApp, name: string): Promise<number | null> {
  const { queue, progress } = await snapshotOf(app)
  const job = queue.jobs.find(({ inputPath }) => path.basename(inputPath) === name)
  return progress.find(({ jobId }) => jobId === job?.id)?.fraction ?? null
}

/** Every file under a folder, relative, hidden ones too. */
export function filesUnder(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
}

/** The 95th percentile of some times. */
export function p95(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0
}
