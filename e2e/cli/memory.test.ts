import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand, sha256, Workshop, type Outcome } from './command.testkit'
import { isLongForm } from '../longForm'
import { floatsOf, floatWav } from './floatWav.testkit'

/** Short forms; `npm run measure:memory` has the long ones (the full-size network, 40 files of up to a minute), `npm run bench` the throughput of lanes. */

/** Of each of three kinds: 30 in the long form. Fewer would not tell one retreat for each file from one for all. */
const FAULTS = isLongForm ? 10 : 3
/** More than lanes by far, so that every lane goes to another file some times. */
const [LANE_FILES, LANES] = isLongForm ? [40, 8] : [16, 4]
let shop: Workshop
beforeAll(async () => {
  shop = await Workshop.open()
})
afterAll(() => {
  shop.close()
})

interface Fault {
  readonly kind: 'throw' | 'kill' | 'abort'
  readonly message?: string
  readonly run?: number
  readonly overLaneSec?: number
  readonly oncePerFileIn?: string
  readonly devices?: readonly string[]
}

function denoise(
  folder: string,
  more: readonly string[],
  fault: Fault | null = null,
  { data = `${folder}-data`, env = {} }: { data?: string; env?: NodeJS.ProcessEnv } = {}
): Promise<Outcome> {
  const planned = fault && { STILLWAVE_FAULT: JSON.stringify({ message: '', run: 3, ...fault }) }
  const args = [
    shop.at(folder),
    '--out',
    shop.at(`${folder}-out`),
    '--model',
    shop.model,
    '--report',
    shop.at(`${folder}.json`)
  ]
  return runCommand([...args, '--on-exists', 'overwrite', ...more], {
    env: { ...process.env, ...env, ...planned, STILLWAVE_DATA: shop.at(data) }
  })
}

describe('out of memory', () => {
  it.each([
    [
      'throws',
      { kind: 'throw', message: 'CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc((void**)&p, size);' }
    ],
    ['is killed', { kind: 'kill' }],
    ['aborts', { kind: 'abort', message: "terminate called after throwing an instance of 'std::bad_alloc'" }]
  ] as const)('as many files finished as had a fault, where the engine %s', async (name, fault) => {
    const folder = `oom-${fault.kind}`
    for (let i = 0; i < FAULTS; i++) shop.wav(`${folder}/${i}.wav`, 0.4)
    const marks = shop.at(`${folder}-marks`)
    const { code, stderr } = await denoise(folder, [], { ...fault, oncePerFileIn: marks })
    const { files } = shop.report(`${folder}.json`)
    expect(readdirSync(marks), name).toHaveLength(FAULTS)
    expect(files.map((file) => file.status)).toEqual(Array(FAULTS).fill('done'))
    // A kill without a word is no shortage yet: begun again as it was, and the bytes are those of a run without it.
    for (const file of files) expect(file.warnings).toEqual(fault.kind === 'kill' ? [] : ['W_MEMORY'])
    expect(code, stderr).toBe(0)
    expect(shop.files(`${folder}-out`).filter((file) => !file.endsWith('.wav'))).toEqual([])
  })

  it('is what an engine dies of that is killed twice in one file (killed again and again at the same size)', async () => {
    shop.wav('killed/a.wav', 1)
    const { stdout } = await denoise('killed', [], { kind: 'kill', overLaneSec: 0.3 })
    expect(stdout).toContain('trying once more\n')
    expect(stdout).toContain('trying once more with less memory')
    expect(shop.report('killed.json').files[0]).toMatchObject({ status: 'done', warnings: ['W_MEMORY'] })
  })

  it('remembers the size that went well: the next batch begins with it, meets no fault, and gives the same', async () => {
    shop.wav('again/a.wav', 1)
    const fault: Fault = { kind: 'throw', message: 'std::bad_alloc', overLaneSec: 0.3 }
    const first = await denoise('again', [], fault)
    expect(first.stdout).toContain('chunks of 0.5 s')
    expect(first.stdout).toContain('chunks of 0.25 s')
    expect(first.stdout.split('trying once more').length - 1).toBeLessThanOrEqual(4)
    expect(shop.report('again.json').files[0]).toMatchObject({ status: 'done', warnings: ['W_MEMORY'] })
    const disturbed = sha256(shop.at('again-out', 'a.wav'))
    const second = await denoise('again', [], fault)
    expect(second.stdout).not.toContain('chunks of 0.5 s')
    expect(shop.report('again.json').files[0]).toMatchObject({ status: 'done', warnings: [] })
    // Undisturbed at the same chunk length: 60 dB are promised (R24), the very same bytes come.
    expect(sha256(shop.at('again-out', 'a.wav'))).toBe(disturbed)
  })

  it('fails a file that no size helps, and goes on with the others (a batch that begins anew for ever)', async () => {
    shop.wav('hopeless/a.wav', 0.5)
    const { code } = await denoise('hopeless', [], { kind: 'throw', message: 'std::bad_alloc' })
    expect(code).toBe(1)
    expect(shop.report('hopeless.json').files[0]).toMatchObject({ status: 'failed', error: { code: 'E_MEMORY' } })
    // What was tried for it counts for nobody.
    expect((await denoise('hopeless', [])).stdout).toContain('chunks of 0.5 s')
  })
})

/** The software Vulkan driver of Debian's chromium: the real WebGPU provider runs on it. */
const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json'
const hasDriver = process.platform === 'linux' && process.arch === 'x64' && existsSync(DRIVER)
if (!hasDriver) console.info('skipped: a device lost twice (there is no vk_swiftshader_icd.json of chromium)')

describe('a lost device', () => {
  it.skipIf(!hasDriver)(
    'twice in a row, leaves the rest of the batch to the CPU, told by a warning (R26)',
    async () => {
      for (let i = 0; i < 3; i++) shop.wav(`gone/${i}.wav`, 0.5)
      const fault = {
        kind: 'throw',
        message: 'WebGPU device error(3): Device is lost.',
        devices: ['webgpu'],
        run: 2
      } as const
      const options = ['--device', 'webgpu', '--join', 'overlap', '--chunk-seconds', '0.25', '--overlap-seconds', '0.1']
      const { code, stdout, stderr } = await denoise('gone', options, fault, {
        env: { VK_DRIVER_FILES: DRIVER, VK_ICD_FILENAMES: DRIVER }
      })
      expect(code, stderr).toBe(0)
      expect([...stdout.matchAll(/^Working on (\w+)/gmu)].map(([, device]) => device)).toEqual([
        'webgpu',
        'webgpu',
        'cpu'
      ])
      const { files } = shop.report('gone.json')
      expect(files.map(({ status, warnings }) => [status, warnings])).toEqual(
        files.map(() => ['done', ['W_DEVICE_FALLBACK']])
      )
    }
  )

  it('is met with a fresh engine: every file is done, and is what it is without the fault (R26)', async () => {
    for (let i = 0; i < 2; i++) shop.wav(`lost/${i}.wav`, 1)
    expect((await denoise('lost', [])).code).toBe(0)
    const before = shop.files('lost-out').map((name) => sha256(shop.at('lost-out', name)))
    const message = 'CUDA failure 719: unspecified launch failure ; GPU=0 ; expr=cudaStreamSynchronize(stream);'
    const marks = shop.at('lost-marks')
    const { code, stdout, stderr } = await denoise('lost', [], { kind: 'throw', message, oncePerFileIn: marks })
    expect(code, stderr).toBe(0)
    expect(readdirSync(marks)).toHaveLength(2)
    expect(stdout.match(/trying once more$/gmu)).toHaveLength(2)
    expect(stdout.match(/^Working on/gmu)).toHaveLength(3)
    expect(shop.report('lost.json').files.map(({ warnings }) => warnings)).toEqual([[], []])
    expect(shop.files('lost-out').map((name) => sha256(shop.at('lost-out', name)))).toEqual(before)
  })
})

describe('a memory budget', () => {
  it('is refused before the start where nothing fits in it, with the least that does', async () => {
    shop.wav('small/a.wav', 1)
    const { code, stderr } = await denoise('small', ['--budget-mb', '64'], null, { data: 'budget-data' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/--budget-mb 64: .*at least \d+ MB are needed/u)
    expect(shop.files('small-out')).toEqual([])
  })

  it('is kept: the peak is at most a tenth over it', async () => {
    for (let i = 0; i < 2; i++) shop.wav(`kept/${i}.wav`, isLongForm ? 6 : 3, { sampleRateHz: 48_000, channels: 2 })
    expect((await denoise('kept', ['--budget-mb', '150'], null, { data: 'budget-data' })).code).toBe(0)
    const { totals } = shop.report('kept.json')
    expect(totals.peakRssBytes).toBeLessThanOrEqual(1.1 * 150e6)
  })
})

describe('lanes', () => {
  it('give each file of a batch what it gives alone (a neighbour in the run, or the end of one, that is heard in another)', async () => {
    for (let i = 0; i < LANE_FILES; i++)
      shop.write(`lanes/${String(i).padStart(2, '0')}.wav`, floatWav(0.5 + ((i * 7) % LANE_FILES) / 8, i))
    const options = ['--chunk-seconds', '0.5']
    expect((await denoise('lanes', [...options, '--batch', '1'])).code).toBe(0)
    const alone = outputs('lanes')
    expect((await denoise('lanes', [...options, '--batch', String(LANES)])).code).toBe(0)
    const together = outputs('lanes')
    expect(alone).toHaveLength(LANE_FILES)
    let worst = 0
    alone.forEach((samples, file) => {
      expect(together[file]).toHaveLength(samples.length)
      samples.forEach((sample, i) => (worst = Math.max(worst, Math.abs(sample - together[file]![i]!))))
    })
    console.info(`largest difference ${worst.toExponential(1)}`)
    expect(worst).toBeLessThanOrEqual(1e-6)
  })
})

function outputs(folder: string): Float32Array[] {
  return shop.files(`${folder}-out`).map((name) => floatsOf(readFileSync(path.join(shop.at(`${folder}-out`), name))))
}
