import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSession } from '../onnx/runtime'
import { convertStateDict, convertWeights } from './convert'
import { formulaStateDict } from './formulaWeights'
import { buildOnePass } from './onePass'
import { constantBytes, writeModel } from './onnx/writeModel'
import { readGraphSignature } from './readModel'
import { largestDifference, openModel, runOnePass, stream, testWave, undoEdges } from './running.testkit'
import { encodeSafetensors } from './safetensors'
import { OUTPUT_GAIN } from './stateDict'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillwave-convert-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const onFile = { device: 'cpu', threads: 1 } as const

describe('conversion', () => {
  it('makes two models of a safetensors file that do the same work (a pair from different weights would not)', async () => {
    const size = { channels: 8, cascade: 1 } as const
    const weightsPath = join(folder, 'small.safetensors')
    await writeFile(weightsPath, encodeSafetensors(formulaStateDict(size)))
    const made = await convertWeights(weightsPath, join(folder, 'small.onnx'))
    expect(made).toMatchObject({ ...size, sharedDataPath: null })
    const onePass = await openSession(made.onePassPath, onFile)
    const reference = await openModel(buildOnePass(formulaStateDict(size), { exposeGates: true }))
    const wave = testWave(12000)
    const { clean, means } = await runOnePass(reference, wave)
    expect((await runOnePass(onePass, wave)).clean).toEqual(clean)
    const stateful = await openSession(made.statefulPath, onFile)
    const out = await stream(stateful, wave, { size, pieces: [25], means: means! })
    expect(largestDifference(out, undoEdges(clean), 0, clean.length)).toBeLessThan(5e-5)
    expect((await readdir(folder)).sort()).toEqual(['small.onnx', 'small.safetensors', 'small.stateful.onnx'])
  })

  it('multiplies both graphs by the output gain (a network trained on SI-SNR came out upside down and 20 dB quieter)', async () => {
    const size = { channels: 4, cascade: 1 } as const
    const levelled = new Map(formulaStateDict(size)).set(OUTPUT_GAIN, { shape: [1], data: Float32Array.of(-4) })
    const made = await convertStateDict(levelled, join(folder, 'gain.onnx'))
    const wave = testWave(12000)
    const { clean, means } = await runOnePass(
      await openModel(buildOnePass(formulaStateDict(size), { exposeGates: true })),
      wave
    )
    const wanted = clean.map((sample) => -4 * sample)
    const whole = await runOnePass(await openSession(made.onePassPath, onFile), wave)
    expect(largestDifference(whole.clean, wanted, 0, wanted.length)).toBe(0)
    const out = await stream(await openSession(made.statefulPath, onFile), wave, { size, pieces: [25], means: means! })
    expect(largestDifference(out, undoEdges(wanted), 0, wanted.length)).toBeLessThan(2e-4)
  })

  it('keeps the weights of a wide network once, in a file that both graphs use', async () => {
    const weights = formulaStateDict({ channels: 64, cascade: 2 })
    const made = await convertStateDict(weights, join(folder, 'wide.onnx'))
    expect(made.sharedDataPath).toBe(join(folder, 'wide.weights.bin'))
    for (const path of [made.onePassPath, made.statefulPath]) {
      expect((await readGraphSignature(path)).externalData).toEqual(['wide.weights.bin'])
    }
    expect(made.bytes.sharedData).toBeLessThan(1.4 * constantBytes(buildOnePass(weights)))
    const session = await openSession(made.onePassPath, onFile)
    const inMemory = await openModel(buildOnePass(weights))
    const wave = testWave(3200)
    expect((await runOnePass(session, wave)).clean).toEqual((await runOnePass(inMemory, wave)).clean)
  })

  it('keeps data files beside their model, where ONNX Runtime looks for them', async () => {
    const model = buildOnePass(formulaStateDict({ channels: 4, cascade: 1 }))
    const away = { externalDataPath: join(folder, 'elsewhere', 'weights.bin') }
    await expect(writeModel(model, join(folder, 'a.onnx'), away)).rejects.toThrow(RangeError)
  })
})
