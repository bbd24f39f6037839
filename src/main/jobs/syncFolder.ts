import { open } from 'node:fs/promises'

/** What disks answer that cannot sync a folder (some network disks): their names last anyway. */
const CANNOT = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'])

/** Makes the names in a folder last through a loss of power. Windows cannot, and need not. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && CANNOT.has(String(error.code)))) throw error
  } finally {
    await handle.close()
  }
}
