import { ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DrmReader } from './drmReader'
import { GpuReaders } from './gpuReader'
import { NvidiaReader } from './nvidiaReader'

const MB = 1024 * 1024
let root = ''
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'stillwave-gpu-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function put(name: string, text: string): void {
  const full = path.join(root, name)
  mkdirSync(path.dirname(full), { recursive: true })
  writeFileSync(full, text)
}

function drm(): DrmReader {
  return new DrmReader({ sys: path.join(root, 'sys'), proc: path.join(root, 'proc') })
}

function amdCard(name: string, memory: { readonly total: number; readonly used: number }): void {
  const device = `sys/class/drm/${name}/device`
  put(`${device}/vendor`, '0x1002\n')
  put(`${device}/uevent`, 'DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n')
  put(`${device}/mem_info_vram_total`, `${memory.total}\n`)
  put(`${device}/mem_info_vram_used`, `${memory.used}\n`)
}

function client(pid: number, fd: number, lines: readonly string[]): void {
  put(`proc/${pid}/fdinfo/${fd}`, ['pos:\t0', 'flags:\t02100002', ...lines].join('\n'))
}

describe('DrmReader', () => {
  it('takes what our processes hold from what the card has in use, a client once (one that is open twice counted twice)', async () => {
    amdCard('card1', { total: 8000 * MB, used: 700 * MB })
    const ours = ['drm-driver:\tamdgpu', 'drm-client-id:\t7', 'drm-pdev:\t0000:03:00.0', 'drm-memory-vram:\t102400 KiB']
    client(10, 4, ours)
    client(10, 5, ours)
    client(11, 9, [
      'drm-driver:\tamdgpu',
      'drm-client-id:\t8',
      'drm-pdev:\t0000:03:00.0',
      'drm-resident-vram0:\t50 MiB'
    ])
    // Another card's, and a file that is no card's.
    client(11, 10, ['drm-driver:\tamdgpu', 'drm-client-id:\t9', 'drm-pdev:\t0000:0a:00.0', 'drm-memory-vram:\t1 GiB'])
    client(11, 3, [])
    expect(await drm().read([10, 11, 12])).toEqual({
      ...{ kind: 'known', name: 'AMD GPU', totalBytes: 8000 * MB },
      ...{ oursBytes: 150 * MB, othersBytes: 550 * MB }
    })
  })

  it('says so where a process cannot be looked at, and takes the greater of two cards', async () => {
    amdCard('card0', { total: 512 * MB, used: 100 * MB })
    amdCard('card1', { total: 8000 * MB, used: 700 * MB })
    put('sys/class/drm/card1/device/product_name', 'Radeon Pro\n')
    put('sys/class/drm/card1-DP-1/status', 'connected\n')
    expect(await drm().read([4711])).toEqual({
      ...{ kind: 'known', name: 'Radeon Pro', totalBytes: 8000 * MB },
      ...{ oursBytes: null, othersBytes: 700 * MB }
    })
  })

  it("tells a GPU that cannot be read from none at all (a virtual machine's screen is none)", async () => {
    expect(await drm().read([])).toBeNull()
    put('sys/class/drm/card0/device/vendor', '0x1234\n')
    expect(await drm().read([])).toBeNull()
    put('sys/class/drm/card1/device/vendor', '0x8086\n')
    expect(await drm().read([])).toEqual({ kind: 'unknown', why: 'unreadable' })
  })
})

/** A program that answers like nvidia-smi, and notes that it was started. */
function fakeSmi(gpus: string, apps: string): string {
  const full = path.join(root, 'nvidia-smi')
  writeFileSync(
    full,
    `#!/bin/sh
echo "$$ $*" >> ${path.join(root, 'starts')}
case "$1" in
${gpus}
${apps}
esac
`
  )
  chmodSync(full, 0o755)
  return full
}

const forever = (line: string): string => `while :; do echo "${line}"; sleep 0.2; done`
const starts = (): string[] => readFileSync(path.join(root, 'starts'), 'utf8').trim().split('\n')

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    if (process.platform !== 'linux') return true
    // A zombie is gone.
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

describe.skipIf(process.platform === 'win32')('NvidiaReader', () => {
  const readers: NvidiaReader[] = []
  afterEach(() => {
    for (const reader of readers.splice(0)) reader.close()
  })
  function reader(command: string): NvidiaReader {
    const one = new NvidiaReader(command, 50)
    readers.push(one)
    return one
  }

  it('is closed in the very tick of its start, of a program that is not there (kill(2) with pid 0: the whole suite ended, and the app would)', async () => {
    const kill = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true)
    const one = new NvidiaReader(path.join(root, 'no-such-program'), 50)
    const read = one.read([77])
    one.close()
    await read
    const killed = kill.mock.calls.length
    kill.mockRestore()
    expect(killed).toBe(0)
  })

  it('reads the card that we are on, with one child for all readings, and ends it (one child a reading was a process a second)', async () => {
    const cards = 'GPU-a, NVIDIA H100 80GB HBM3, 81559, 1000'
    const command = fakeSmi(
      `--query-gpu=*) while :; do echo "${cards}"; echo "GPU-b, NVIDIA L4, 23034, 500"; sleep 0.2; done;;`,
      `--query-compute-apps=*) ${forever('GPU-b, 77, 300')};;`
    )
    const one = reader(command)
    await one.read([77])
    await sleep(300)
    expect(await one.read([77])).toEqual({
      ...{ kind: 'known', name: 'NVIDIA L4', totalBytes: 23034 * MB, oursBytes: 300 * MB, othersBytes: 200 * MB }
    })
    expect(await one.read([5])).toMatchObject({ name: 'NVIDIA H100 80GB HBM3', oursBytes: 0, othersBytes: 1000 * MB })
    const pids = starts().map((line) => Number(line.split(' ')[0]))
    expect(pids).toHaveLength(2)
    expect(starts()[0]).toContain('--format=csv,noheader,nounits -lms 500')
    one.close()
    await sleep(200)
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('tells the sum alone where the driver does not tell the parts', async () => {
    const command = fakeSmi(
      `--query-gpu=*) ${forever('GPU-a, NVIDIA RTX, 8192, 900')};;`,
      `--query-compute-apps=*) ${forever('GPU-a, 77, [N/A]')};;`
    )
    const one = reader(command)
    await one.read([77])
    await sleep(300)
    expect(await one.read([77])).toMatchObject({ oursBytes: null, othersBytes: 900 * MB })
  })

  it('starts a tool that fails three times and no more, and says that it cannot be read', async () => {
    const command = fakeSmi(`--query-gpu=*) exit 9;;`, `--query-compute-apps=*) exit 9;;`)
    const one = reader(command)
    expect(await one.read([])).toEqual({ kind: 'unknown', why: 'unreadable' })
    await sleep(800)
    expect(starts().filter((line) => line.includes('query-gpu'))).toHaveLength(3)
  })

  it('is no reader of a machine without the tool, or without a card', async () => {
    expect(await reader(path.join(root, 'nowhere')).read([])).toBeNull()
    const none = fakeSmi(`--query-gpu=*) echo "No devices were found"; exit 6;;`, `--query-compute-apps=*) exit 6;;`)
    expect(await reader(none).read([])).toBeNull()
  })
})

describe('GpuReaders', () => {
  it('prefers a GPU that it knows to one that it cannot read, and that to none', async () => {
    const of = (memory: Awaited<ReturnType<NvidiaReader['read']>>) => ({
      read: () => Promise.resolve(memory),
      close: () => undefined
    })
    const known = { kind: 'known', name: 'x', totalBytes: 2, oursBytes: 1, othersBytes: 1 } as const
    const unreadable = { kind: 'unknown', why: 'unreadable' } as const
    expect(await new GpuReaders([of(unreadable), of(known)]).read([])).toEqual(known)
    expect(await new GpuReaders([of(null), of(unreadable), of(null)]).read([])).toEqual(unreadable)
    expect(await new GpuReaders([of(null)]).read([])).toEqual({ kind: 'unknown', why: 'none' })
  })
})
