/**
 * What differs between one pass over a clip and a run that goes on from the one before it: where each layer finds the frames
 * before its first one, and where the gates' means come from. Tensors are [batch, channels, rows, frames].
 */
export interface Timeline {
  /** Frames of zeros (before, after) with which the encoders pad themselves. */
  readonly encoderPads: readonly [number, number]
  /** Frames of zeros before the bottleneck's memory. */
  readonly memoryPad: number
  encoderInput(i: number, x: string): string
  /** The projection of bottleneck layer 1 or 2. */
  memoryInput(layer: number, projection: string): string
  decoderInput(i: number, x: string): string
  /** The ungated output of encoder 5 - i, at the time of decoder i. */
  skip(i: number, encoded: string): string
  /** Means over frequency and time, [batch, channels, 1, 1]; `layer` is for example enc0 or dec4. */
  gateMean(layer: string, x: string): string
}

/** One complex mask estimate per U-Net in, per gate: names in the order in which a state or a list of means holds them. */
export function gateLayers(gatedEncoders: number, gatedDecoders: number): readonly string[] {
  return [
    ...Array.from({ length: gatedEncoders }, (_, i) => `enc${i}`),
    ...Array.from({ length: gatedDecoders }, (_, i) => `dec${i}`)
  ]
}
