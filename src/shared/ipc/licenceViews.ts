import { z } from 'zod'

/** A part of the product by somebody else (or the model), with the terms it came under. */
export const ShippedPart = z.strictObject({
  name: z.string().min(1),
  /** Null for what has none, as the model. */
  version: z.string().min(1).nullable(),
  /** `runtime` is Electron, `program` is started as a process of its own. */
  kind: z.enum(['package', 'runtime', 'program', 'model']),
  /** An SPDX identifier or expression. */
  licence: z.string().min(1),
  /** The licence's whole text; English. */
  text: z.string().min(1),
  /** What else its makers want to be said, of parts within it for example; English. Null where there is nothing. */
  notices: z.string().min(1).nullable()
})
export type ShippedPart = z.infer<typeof ShippedPart>

/** `out/licences.json`: all that ships, by name; made by the build. */
export const ShippedParts = z.array(ShippedPart).min(1)
