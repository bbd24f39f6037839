import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { DecoderChild, DEFAULT_TIME_LIMITS } from './decoderChild'

const BYTES = 100_000

/** A child that says its bytes and ends while its reader still works on the first of them. */
function talker(): DecoderChild {
  const program = `process.stdout.write(Buffer.alloc(${BYTES}, 7))`
  const command = { file: process.execPath, args: ['-e', program], cwd: process.cwd(), env: {} }
  return new DecoderChild(command, 'x', DEFAULT_TIME_LIMITS)
}

describe('DecoderChild', () => {
  it('loses nothing when the child is gone before all was read (Node let flow away the end of every slow file)', async () => {
    const child = talker()
    let bytes = 0
    for (let chunk = await child.read(0); chunk !== null; chunk = await child.read(0)) {
      bytes += chunk.length
      await sleep(300)
    }
    expect(bytes).toBe(BYTES)
    await child.close()
  })
})
