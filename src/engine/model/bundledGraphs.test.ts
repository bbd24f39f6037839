import { readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ProtoFile, type ProtoField } from './onnx/protoFile'
import { checkForeignModel } from './foreignModel'

const MODELS = path.resolve(import.meta.dirname, '../../../models')
const graphs = readdirSync(MODELS).filter((name) => name.endsWith('.onnx'))

/** Field numbers of onnx.proto3: what of a file could reach outside of it, or be another's code. */
const FIELD = { graph: 7, opset: 8, functions: 25, node: 1, initializer: 5, nodeDomain: 7, external: 13, location: 14 }

interface Facts {
  readonly opsets: string[]
  readonly domains: Set<string>
  functions: number
  external: number
  nodes: number
}

async function factsOf(file: string): Promise<Facts> {
  const facts: Facts = { opsets: [], domains: new Set(), functions: 0, external: 0, nodes: 0 }
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const proto = new ProtoFile(handle, size)
    const each = async (inside: ProtoField, look: (field: ProtoField) => Promise<void> | void): Promise<void> => {
      for await (const field of proto.fields(inside.start, inside.end)) await look(field)
    }
    for await (const field of proto.fields(0, size)) {
      if (field.field === FIELD.functions) facts.functions++
      if (field.field === FIELD.opset) {
        let [domain, version] = ['', 0n]
        await each(field, async (part) => {
          if (part.field === 1) domain = await proto.text(part)
          if (part.field === 2) version = part.value
        })
        facts.opsets.push(`${domain || 'ai.onnx'} ${version}`)
      }
      if (field.field !== FIELD.graph) continue
      await each(field, async (part) => {
        if (part.field === FIELD.node) {
          facts.nodes++
          await each(part, async (inner) => {
            if (inner.field === FIELD.nodeDomain) facts.domains.add(await proto.text(inner))
          })
        }
        if (part.field === FIELD.initializer)
          await each(part, (inner) => {
            if (inner.field === FIELD.external || inner.field === FIELD.location) facts.external++
          })
      })
    }
  } finally {
    await handle.close()
  }
  return facts
}

describe('the graphs that are shipped (S41)', () => {
  it('are the four of the bundled model', () => {
    expect(graphs.sort()).toEqual([
      'frcrn-lite.fp16.onnx',
      'frcrn-lite.fp16.stateful.onnx',
      'frcrn-lite.onnx',
      'frcrn-lite.stateful.onnx'
    ])
  })

  it.each(graphs)('%s: ONNX’s own operators of one version, no functions, nothing outside the file', async (name) => {
    const { nodes, domains, ...facts } = await factsOf(path.join(MODELS, name))
    expect(facts).toEqual({ opsets: ['ai.onnx 17'], functions: 0, external: 0 })
    expect([...domains].filter((domain) => domain !== '' && domain !== 'ai.onnx')).toEqual([])
    expect(nodes).toBeGreaterThan(100)
  })

  it.each(graphs.filter((name) => !name.includes('stateful')))('%s passes the checks of a stranger’s', async (name) => {
    await expect(checkForeignModel(path.join(MODELS, name))).resolves.toBeUndefined()
  })
})
