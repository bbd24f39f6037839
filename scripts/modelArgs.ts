import { parseArgs } from 'node:util'
import { isSafeId } from '../src/main/models/modelRecord'

/** `npm run model -- ...`, as it was asked for. */

export const USAGE = `npm run model -- COMMAND

  list                              bundled, installed and offered models
  add FILE [--id ID]                installs FRCRN weights or an ONNX model
  download ID [--mirror NAME]       fetches an offered model and installs it
  verify [ID]                       hashes the files of one model, or of all, again
  remove ID                         removes an installed model
  convert FILE --out FILE.onnx [--precision fp32|fp16]
                                    only converts: nothing is installed

FILE: a PyTorch checkpoint (.pt, .pth, .bin, .ckpt) or a safetensors file of FRCRN weights, of any width and one or
two U-Nets; for add also an ONNX model with one waveform in and one out. It is read as data: nothing in it runs.
convert writes FILE.onnx (the whole clip in one pass) and FILE.stateful.onnx (piece by piece); networks over 16 MB
keep their weights in FILE.weights.bin, which belongs to both. FP16 takes half the room; it is for graphics cards,
on a CPU it is slower. add makes both precisions and compares them.

  --data DIR    where models are kept (default: with the app's settings)
  --help

Exit code: 0 done, 1 it could not be done, 2 wrong use, 130 cancelled.`

export type ModelCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  | { readonly kind: 'add'; readonly path: string; readonly id: string | null }
  | { readonly kind: 'download'; readonly id: string; readonly mirror: string | null }
  | { readonly kind: 'verify'; readonly id: string | null }
  | { readonly kind: 'remove'; readonly id: string }
  | {
      readonly kind: 'convert'
      readonly path: string
      readonly outPath: string
      readonly precision: 'fp32' | 'fp16'
    }

const TEXT = { type: 'string' } as const
const OPTIONS = {
  out: TEXT,
  precision: TEXT,
  id: TEXT,
  mirror: TEXT,
  data: TEXT,
  help: { type: 'boolean', short: 'h' }
} as const
type Option = Exclude<keyof typeof OPTIONS, 'help' | 'data'>
type Values = Readonly<Partial<Record<Option | 'data', string>>>

/** Which options each command has. */
const ALLOWED: Readonly<Record<Exclude<ModelCommand['kind'], 'help'>, readonly Option[]>> = {
  list: [],
  add: ['id'],
  download: ['mirror'],
  verify: [],
  remove: [],
  convert: ['out', 'precision']
}

/** Throws a plain Error with the reason for wrong use. */
export function parseModelCommand(argv: readonly string[]): {
  readonly command: ModelCommand
  readonly data: string | null
} {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true })
  if (values.help === true) return { command: { kind: 'help' }, data: null }
  const [kind, ...rest] = positionals
  if (kind === undefined) throw new Error('say what to do')
  if (!isKind(kind)) throw new Error(`"${kind}" is not known`)
  for (const option of ['out', 'precision', 'id', 'mirror'] as const) {
    if (values[option] !== undefined && !ALLOWED[kind].includes(option)) throw new Error(`${kind} has no --${option}`)
  }
  for (const option of ['id', 'mirror', 'data'] as const) {
    if (values[option] === '') throw new Error(`--${option} needs a value`)
  }
  return { command: commandOf(kind, rest, values), data: values.data ?? null }
}

function isKind(kind: string): kind is keyof typeof ALLOWED {
  return Object.hasOwn(ALLOWED, kind)
}

function commandOf(kind: keyof typeof ALLOWED, rest: readonly string[], values: Values): ModelCommand {
  switch (kind) {
    case 'list':
      atMost(rest, 0, 'list takes nothing')
      return { kind }
    case 'add':
      return { kind, path: one(rest, 'the model file is missing', 'one model file at a time'), id: safeId(values.id) }
    case 'download':
      return { kind, id: one(rest, 'the id is missing', 'one model at a time'), mirror: values.mirror ?? null }
    case 'verify':
      atMost(rest, 1, 'one model at a time')
      return { kind, id: rest[0] ?? null }
    case 'remove':
      return { kind, id: one(rest, 'the id is missing', 'one model at a time') }
    case 'convert':
      return convertCommand(rest, values)
  }
}

function convertCommand(rest: readonly string[], { out, precision = 'fp32' }: Values): ModelCommand {
  const path = one(rest, 'the weights file is missing', 'one weights file at a time')
  if (out === undefined) throw new Error('--out FILE.onnx is missing')
  if (!out.endsWith('.onnx')) throw new Error('--out must end in .onnx')
  if (precision !== 'fp32' && precision !== 'fp16') throw new Error(`--precision is fp32 or fp16, not ${precision}`)
  return { kind: 'convert', path, outPath: out, precision }
}

function safeId(id: string | undefined): string | null {
  if (id !== undefined && !isSafeId(id)) {
    throw new Error(`--id must be small letters, digits, - and _, and may be the name of a folder; not "${id}"`)
  }
  return id ?? null
}

function one(rest: readonly string[], missing: string, tooMany: string): string {
  const [first] = rest
  if (first === undefined || first === '') throw new Error(missing)
  atMost(rest, 1, tooMany)
  return first
}

function atMost(rest: readonly string[], count: number, reason: string): void {
  if (rest.length > count) throw new Error(`${reason}; "${rest.slice(count).join(' ')}" is too much`)
}
