import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { ensureFolder } from '../jobs/folders'
import type { CatalogModel } from './catalog'
import { SelfCheck } from './modelRecord'

const NAME = 'bundled-checks.json'

const Stored = z.object({ version: z.literal(1), checks: z.record(z.string(), z.array(SelfCheck)) })
type Checks = z.infer<typeof Stored>['checks']

/**
 * What self-checks found of models that come with the program, which have no record of their own: `bundled-checks.json` in the data
 * folder, by the hashes of what was compared, so that another version's model is compared anew.
 */
export class BundledChecks {
  constructor(readonly folder: string) {}

  /** Of these very files; none for a model without FP16, or where nobody compared them. */
  async of(model: CatalogModel): Promise<readonly SelfCheck[]> {
    const key = keyOf(model)
    return key === null ? [] : ((await this.read())[key] ?? [])
  }

  /** The last check of a device counts. Errors of the file system. */
  async record(model: CatalogModel, check: SelfCheck): Promise<void> {
    const key = keyOf(model)
    if (key === null) return
    const before = await this.read()
    const others = (before[key] ?? []).filter(({ device }) => device !== check.device)
    await this.write({ ...before, [key]: [...others, check] })
  }

  /** What cannot be read is checked again. */
  private async read(): Promise<Checks> {
    try {
      const stored = Stored.safeParse(JSON.parse(await readFile(path.join(this.folder, NAME), 'utf8')))
      return stored.success ? stored.data.checks : {}
    } catch (error) {
      const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (isAbsent || error instanceof SyntaxError) return {}
      throw error
    }
  }

  private async write(checks: Checks): Promise<void> {
    await ensureFolder(this.folder)
    const temporary = path.join(this.folder, `.${NAME}.${process.pid}.part`)
    try {
      const handle = await open(temporary, 'w')
      try {
        await handle.writeFile(`${JSON.stringify({ version: 1, checks }, null, 2)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, path.join(this.folder, NAME))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }
}

/** Null where there are not both precisions, or their hashes are not known. */
function keyOf({ stateful, fp16 }: CatalogModel): string | null {
  const [full, half] = [stateful?.sha256, fp16?.stateful.sha256]
  return full && half ? `${full} ${half}` : null
}
