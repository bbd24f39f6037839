import path from 'node:path'
import { convertStateDict } from '../../src/engine/model/convert'
import { formulaStateDict } from '../../src/engine/model/formulaWeights'

/** A real network of width 4 with formula weights: it cleans nothing, but every step of the product is run with it. */
export async function tinyNetwork(folder: string): Promise<string> {
  const model = path.join(folder, 'tiny.onnx')
  await convertStateDict(formulaStateDict({ channels: 4, cascade: 1 }), model)
  return model
}
