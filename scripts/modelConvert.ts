import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { isOwnerGone, ownerTag } from '../src/main/jobs/partFiles'
import type { AskWorkshop, WorkshopHost } from '../src/main/processes/workshopHost'
import { AppError } from '../src/shared/errors/appError'

export interface ConvertTask extends AskWorkshop {
  readonly path: string
  readonly outPath: string
  readonly precision: 'fp32' | 'fp16'
}

type Converted = Awaited<ReturnType<WorkshopHost['convert']>>

/** `.stillwave-PID-TAGRANDOM`: what a conversion is in until it is whole. */
const TEMPORARY = /^\.stillwave-(\d+)-([0-9a-f]{4})[0-9a-f]{8}$/

/** Converts beside the output and moves the files there once all of them are whole; the model itself comes last. */
export async function convertTo(workshop: WorkshopHost, task: ConvertTask): Promise<Converted> {
  const { path: checkpointPath, precision } = task
  const found = await stat(checkpointPath).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (found === null) throw new AppError('E_MODEL_MISSING', { path: checkpointPath, detail: checkpointPath })
  if (!found.isFile()) throw new AppError('E_MODEL_UNSUPPORTED', { path: checkpointPath, detail: 'it is not a file' })
  const outPath = path.resolve(task.outPath)
  const folder = path.dirname(outPath)
  await sweep(folder)
  const work = path.join(folder, `.stillwave-${process.pid}-${ownerTag}${randomBytes(4).toString('hex')}`)
  await mkdir(work)
  try {
    const targets = [{ outOnnx: path.join(work, path.basename(outPath)), precision }]
    const made = await workshop.convert({ checkpointPath: path.resolve(checkpointPath), targets }, task)
    const files = await Promise.all(made.files.map((file) => moved(file, folder)))
    return { ...made, files }
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function moved(file: Converted['files'][number], folder: string): Promise<Converted['files'][number]> {
  const into = async (from: string): Promise<string> => {
    const to = path.join(folder, path.basename(from))
    await rename(from, to)
    return to
  }
  const sharedDataPath = file.sharedDataPath === null ? null : await into(file.sharedDataPath)
  const statefulPath = await into(file.statefulPath)
  return { ...file, sharedDataPath, statefulPath, onePassPath: await into(file.onePassPath) }
}

/** What conversions into this folder left that were ended from outside. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const match = TEMPORARY.exec(name)
    if (match === null || !isOwnerGone(Number(match[1]), match[2]!)) continue
    await rm(path.join(folder, name), { recursive: true, force: true, maxRetries: 5 })
  }
}
