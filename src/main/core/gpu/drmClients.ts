import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** What one process has open on a card. */
export interface DrmClient {
  readonly pciAddress: string | null
  readonly vramBytes: number
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Clients of these processes by their fdinfo (the kernel's drm-usage-stats); null where not one process may be looked at. */
export async function drmClients(procRoot: string, pids: readonly number[]): Promise<DrmClient[] | null> {
  const found = await Promise.all(pids.map((pid) => clientsOf(path.join(procRoot, String(pid), 'fdinfo'))))
  const seen = found.filter((clients) => clients !== null)
  if (seen.length === 0 && pids.length > 0) return null
  // A client that is open twice, or in two processes, is one.
  return [...new Map(seen.flat()).values()]
}

async function clientsOf(folder: string): Promise<[string, DrmClient][] | null> {
  const names = await readdir(folder).catch(() => null) // Gone, or another user's.
  if (names === null) return null
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'latin1').catch(() => '')))
  return texts.map(parseClient).filter((client) => client !== null)
}

/** One fdinfo file; null where it is no card's. */
function parseClient(text: string): [string, DrmClient] | null {
  const fields = new Map(
    text.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    })
  )
  const driver = fields.get('drm-driver')
  if (driver === undefined) return null
  const pciAddress = fields.get('drm-pdev') ?? null
  const key = `${driver} ${pciAddress ?? ''} ${fields.get('drm-client-id') ?? ''}`
  return [key, { pciAddress, vramBytes: vramOf(fields) }]
}

/** Video memory by its newer name (resident-vram0, resident-local0 on Intel), else by the older one. */
function vramOf(fields: ReadonlyMap<string, string>): number {
  const sum = (pattern: RegExp): number | null => {
    const values = [...fields].filter(([name]) => pattern.test(name)).map(([, value]) => bytesOf(value))
    return values.length === 0 ? null : values.reduce((total, bytes) => total + bytes, 0)
  }
  return sum(/^drm-resident-(?:vram|local)\d*$/u) ?? sum(/^drm-memory-(?:vram|local)\d*$/u) ?? 0
}

function bytesOf(value: string): number {
  const match = /^(\d+)(?:\s+(KiB|MiB|GiB))?$/u.exec(value)
  return match ? Number(match[1]) * UNITS[match[2] ?? '']! : 0
}
