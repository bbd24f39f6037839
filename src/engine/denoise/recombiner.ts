/** The way back from the model's rate to the file's, for one channel. */
export interface Recombiner {
  /** The source's samples, the same at the model's rate as far as they are known, and what the model has given: all since the last call. */
  push(source: Float32Array, low: Float32Array, clean: Float32Array): Float32Array
  /** The last of each; with it as many samples are out as came in, or as the result's rate makes of them. */
  finish(low: Float32Array, clean: Float32Array): Float32Array
}
