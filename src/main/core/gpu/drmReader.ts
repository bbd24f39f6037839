import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { GpuMemory } from '../../../shared/ipc/memoryViews'
import { drmClients, type DrmClient } from './drmClients'
import type { GpuReader } from './gpuReader'

/** PCI vendors of GPUs; what else has a /sys/class/drm card is a screen without one (virtual machines, servers). */
const VENDORS: Readonly<Record<string, string>> = { '0x1002': 'AMD', '0x8086': 'Intel', '0x10de': 'NVIDIA' }

interface Card {
  readonly name: string
  readonly pciAddress: string | null
  readonly totalBytes: number | null
  readonly usedBytes: number | null
}

/**
 * Linux's own account: amdgpu tells a card's memory in sysfs, and every driver what a process holds in its fdinfo. A card that is
 * there and tells no total (integrated ones have no memory of their own) is unreadable. The roots are for tests.
 */
export class DrmReader implements GpuReader {
  constructor(
    private readonly roots: { readonly sys: string; readonly proc: string } = { sys: '/sys', proc: '/proc' }
  ) {}

  async read(pids: readonly number[]): Promise<GpuMemory | null> {
    const cards = await this.cards()
    if (cards.length === 0) return null
    const readable = cards.filter((card): card is Card & { totalBytes: number; usedBytes: number } => {
      return card.totalBytes !== null && card.totalBytes > 0 && card.usedBytes !== null
    })
    // With several, the one with the most memory is the one that work is done on.
    const [card] = readable.sort((a, b) => b.totalBytes - a.totalBytes)
    if (card === undefined) return { kind: 'unknown', why: 'unreadable' }
    const clients = await drmClients(this.roots.proc, pids)
    const oursBytes = clients && bytesOn(clients, card.pciAddress)
    const othersBytes = Math.max(0, card.usedBytes - (oursBytes ?? 0))
    return { kind: 'known', name: card.name, totalBytes: card.totalBytes, oursBytes, othersBytes }
  }

  close(): void {
    // Nothing is held between two readings.
  }

  private async cards(): Promise<Card[]> {
    const folder = path.join(this.roots.sys, 'class', 'drm')
    const names = await readdir(folder).catch(() => []) // No graphics at all.
    const cards = await Promise.all(
      names.filter((name) => /^card\d+$/u.test(name)).map((name) => this.card(path.join(folder, name, 'device')))
    )
    return cards.filter((card) => card !== null)
  }

  private async card(device: string): Promise<Card | null> {
    const vendor = VENDORS[(await textOf(path.join(device, 'vendor'))) ?? '']
    if (vendor === undefined) return null
    const [product, uevent, total, used] = await Promise.all(
      ['product_name', 'uevent', 'mem_info_vram_total', 'mem_info_vram_used'].map((name) =>
        textOf(path.join(device, name))
      )
    )
    return {
      name: product === undefined || product === null || product === '' ? `${vendor} GPU` : product,
      pciAddress: /^PCI_SLOT_NAME=(.+)$/mu.exec(uevent ?? '')?.[1] ?? null,
      totalBytes: numberOf(total),
      usedBytes: numberOf(used)
    }
  }
}

function bytesOn(clients: readonly DrmClient[], pciAddress: string | null): number {
  const here = clients.filter(
    (client) => pciAddress === null || client.pciAddress === null || client.pciAddress === pciAddress
  )
  return here.reduce((sum, { vramBytes }) => sum + vramBytes, 0)
}

async function textOf(file: string): Promise<string | null> {
  const text = await readFile(file, 'latin1').catch(() => null) // This driver does not tell it.
  return text?.trim() ?? null
}

function numberOf(text: string | null | undefined): number | null {
  return text !== undefined && text !== null && /^\d+$/u.test(text) ? Number(text) : null
}
