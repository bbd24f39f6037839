import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { formulaStateDict } from '../src/engine/model/formulaWeights'
import { encodeSafetensors } from '../src/engine/model/safetensors'

/** The bundled command as a user calls it. */

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'stillwave-model-command-'))
beforeAll(() => execFileSync(process.execPath, [join(root, 'scripts/ensureBuilt.mjs')], { stdio: 'inherit' }), 120_000)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const model = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [join(root, 'out/scripts/model.js'), ...args], { encoding: 'utf8', cwd: folder })

it('converts and says what it made', () => {
  writeFileSync(join(folder, 'w.safetensors'), encodeSafetensors(formulaStateDict({ channels: 4, cascade: 2 })))
  const run = model('convert', 'w.safetensors', '--out', 'made.onnx')
  expect(run.stderr).toBe('')
  expect(run.status).toBe(0)
  expect(run.stdout).toContain('FRCRN of 4 channels, two U-Nets')
  expect(readdirSync(folder).sort()).toEqual(['made.onnx', 'made.stateful.onnx', 'w.safetensors'])
})

it.each([
  [[], 'say what to do'],
  [['train'], '"train" is not known'],
  [['convert'], 'weights file is missing'],
  [['convert', 'w.safetensors'], '--out FILE.onnx is missing'],
  [['convert', 'w.safetensors', '--out', 'x.bin'], 'must end in .onnx'],
  [['convert', 'a', 'b', '--out', 'x.onnx'], 'one weights file at a time'],
  [['convert', 'a', '--fast'], '--fast']
])('exits 2 for wrong use %j and says why', (args, reason) => {
  const run = model(...args)
  expect(run.status).toBe(2)
  expect(run.stderr).toContain(reason)
})

it('exits 1 for weights that cannot be used, with the reason and without a file', () => {
  writeFileSync(join(folder, 'bad.safetensors'), 'not safetensors at all')
  for (const input of ['bad.safetensors', 'absent.safetensors']) {
    const run = model('convert', input, '--out', 'bad.onnx')
    expect(run.status).toBe(1)
    expect(run.stderr).toMatch(/^.+\n.+\n$/)
  }
  expect(readdirSync(folder)).not.toContain('bad.onnx')
})
