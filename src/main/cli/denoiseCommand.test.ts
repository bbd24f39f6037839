import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { plainWav } from '../../shared/wav/plainWav'
import { composeHeadless } from '../compose'
import { isBuilt } from '../core/core.testkit'
import { layoutOf } from '../layout'
import { parseCommand } from './args'
import { DenoiseCommand } from './denoiseCommand'
import { Screen } from './screen'

const root = mkdtempSync(path.join(tmpdir(), 'stillwave-command-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

describe.skipIf(!isBuilt())('a batch of the command', () => {
  it('lets go of what outlives it: a watched folder makes thousands (each stayed in memory, and Node warned of listeners)', async () => {
    const file = path.join(root, 'a.wav')
    writeFileSync(
      file,
      plainWav({ sampleRateHz: 16_000, frames: 8000 }, (i) => 3000 * Math.sin(i / 9))
    )
    const command = parseCommand([file, '--out', path.join(root, 'out'), '--on-exists', 'overwrite', '--data', root])
    if (command.kind !== 'denoise') throw new Error(command.kind)
    const [stdout, stderr, { signal }] = [new PassThrough(), new PassThrough(), new AbortController()]
    const services = { ...composeHeadless(layoutOf(path.resolve('out/main'))), stdout, stderr }
    const screen = new Screen(stdout, stderr, false)
    const listeners = (): number[] => [
      getEventListeners(signal, 'abort').length,
      ...[stdout, stderr].map((stream) => stream.listenerCount('error')),
      process.listenerCount('exit')
    ]
    const before = listeners()
    for (let n = 0; n < 2; n++) {
      expect(await new DenoiseCommand(command.args, services, { screen, signal, only: null }).run()).toBe(0)
    }
    expect(listeners()).toEqual(before)
  })
})
