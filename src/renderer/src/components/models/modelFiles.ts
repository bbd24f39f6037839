/** What weights and graphs are called; anything else of a drop is for the list. */
const MODEL_NAME = /\.(?:pt|pth|bin|ckpt|safetensors|onnx)$/iu

export function isModelName(name: string): boolean {
  return MODEL_NAME.test(name)
}
