import { stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { convertWeights, type Conversion, type Precision } from '../src/engine/model/convert'
import { AppError, toAppError } from '../src/shared/errors/appError'
import { describeError } from '../src/shared/errors/describe'

/** `npm run model -- convert WEIGHTS --out FILE.onnx [--precision fp16]` */

const USAGE = `npm run model -- convert WEIGHTS --out FILE.onnx [--precision fp32|fp16]

WEIGHTS: a PyTorch checkpoint (.pt, .pth, .bin, .ckpt) or a safetensors file. It is read as data: nothing in it runs.
Writes FILE.onnx (the whole clip in one pass) and FILE.stateful.onnx (piece by piece) from FRCRN weights of any
width and one or two U-Nets; networks over 16 MB keep their weights in FILE.weights.bin, which belongs to both. FP16 takes half the room; it is
for graphics cards, on a CPU it is slower.`

const WRONG_USE = 2

interface Arguments {
  readonly weightsPath: string
  readonly outPath: string
  readonly precision: Precision
}

/** Throws a plain Error with the reason for wrong use. */
function parseCommand(): Arguments | 'help' {
  const { values, positionals } = parseArgs({
    options: {
      out: { type: 'string' },
      precision: { type: 'string', default: 'fp32' },
      help: { type: 'boolean', short: 'h' }
    },
    allowPositionals: true,
    strict: true
  })
  if (values.help === true) return 'help'
  const [command, weightsPath, ...rest] = positionals
  if (command !== 'convert') throw new Error(command === undefined ? 'say what to do' : `"${command}" is not known`)
  if (weightsPath === undefined) throw new Error('the weights file is missing')
  if (rest.length > 0) throw new Error(`one weights file at a time; "${rest.join(' ')}" is too much`)
  if (values.out === undefined) throw new Error('--out FILE.onnx is missing')
  if (!values.out.endsWith('.onnx')) throw new Error('--out must end in .onnx')
  const { precision } = values
  if (precision !== 'fp32' && precision !== 'fp16') throw new Error(`--precision is fp32 or fp16, not ${precision}`)
  return { weightsPath, outPath: values.out, precision }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`
}

function report({ channels, cascade, bytes, ...paths }: Conversion): void {
  console.log(`FRCRN of ${channels} channels, ${cascade === 2 ? 'two U-Nets' : 'one U-Net'}`)
  console.log(`  one pass  ${paths.onePassPath}  ${megabytes(bytes.onePass)}`)
  console.log(`  stateful  ${paths.statefulPath}  ${megabytes(bytes.stateful)}`)
  if (paths.sharedDataPath !== null) console.log(`  weights   ${paths.sharedDataPath}  ${megabytes(bytes.sharedData)}`)
}

async function mustExist(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (found === null) throw new AppError('E_MODEL_MISSING', { path, detail: path })
}

async function main(): Promise<number> {
  let command: Arguments | 'help'
  try {
    command = parseCommand()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return WRONG_USE
  }
  if (command === 'help') {
    console.log(USAGE)
    return 0
  }
  try {
    await mustExist(command.weightsPath)
    report(await convertWeights(command.weightsPath, command.outPath, command.precision))
    return 0
  } catch (error) {
    const { what, next } = describeError(toAppError(error).toPayload())
    console.error(`${what}\n${next}`)
    return 1
  }
}

process.exitCode = await main()
