import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { killChild } from './killChild'

describe('killChild', () => {
  it('leaves one alone that never started (kill(2) with pid 0 ended the app, its tests and the shell above)', async () => {
    const child = spawn('/no/such/program')
    const kill = vi.spyOn(child, 'kill').mockReturnValue(true)
    const failed = once(child, 'error')
    killChild(child)
    expect(kill).not.toHaveBeenCalled()
    await failed
    killChild(child)
    expect(kill).not.toHaveBeenCalled()
  })

  it('ends one that runs, by the signal that is asked for', async () => {
    for (const [asked, got] of [[undefined, 'SIGKILL'] as const, ['SIGTERM', 'SIGTERM'] as const]) {
      const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
      const ended = once(child, 'exit')
      killChild(child, asked)
      expect((await ended)[1]).toBe(got)
    }
  })
})
