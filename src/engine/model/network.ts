/** The fixed numbers of FRCRN (official configuration, depth 14); width and cascade are the only free ones. */

export const SAMPLE_RATE_HZ = 16000
export const WINDOW_SAMPLES = 640
export const HOP_SAMPLES = 320
export const BINS = 321
/** Encoders and decoders of one U-Net. */
export const LAYERS = 7
/** Taps of an FSMN's memory, its own frame included. */
export const MEMORY_TAPS = 20
/** Frames by which one streaming U-Net runs late: each decoder looks one frame ahead. */
export const UNET_DELAY_FRAMES = LAYERS
export const LEAKY_SLOPE = 0.01
export const BATCH_NORM_EPS = 1e-5
/** Layers of the bottleneck FSMN, which runs along time; those along frequency have one. */
export const BOTTLENECK_LAYERS = 2
/** Encoders and decoders whose output is gated by squeeze and excite. */
export const GATED_ENCODERS = 6
export const GATED_DECODERS = 5

/** Kernel sizes along frequency; along time every kernel has 2 taps, and every stride is (2, 1). */
export const ENCODER_KERNELS = [5, 5, 5, 5, 5, 5, 2] as const
export const DECODER_KERNELS = [2, 5, 5, 5, 6, 5, 5] as const
/** Frequency rows before encoder 0, after encoder 0, ...; decoders walk the list backwards. */
export const ROWS = [321, 159, 78, 37, 17, 7, 2, 1] as const

/** Width (complex channels) and number of U-Nets. */
export interface NetworkSize {
  readonly channels: number
  readonly cascade: 1 | 2
}

/** Hidden units of the squeeze-and-excite layers. */
export function exciteHidden(channels: number): number {
  return Math.max(1, Math.floor(channels / 8))
}

/** Prefix of the keys of each U-Net. */
export function unetPrefixes(cascade: 1 | 2): readonly string[] {
  return cascade === 2 ? ['unet', 'unet2'] : ['unet']
}

/** Every live tensor of a network of this size by its official key, dead layers, STFT kernels and counters left out. */
export function tensorShapes(size: NetworkSize): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>()
  for (const prefix of unetPrefixes(size.cascade)) addUnet(shapes, prefix, size.channels)
  return shapes
}

function addUnet(shapes: Map<string, readonly number[]>, prefix: string, channels: number): void {
  for (let i = 0; i < LAYERS; i++) {
    const encoder = `${prefix}.encoder${i}`
    addHalves(shapes, `${encoder}.conv.conv`, [channels, i === 0 ? 1 : channels, ENCODER_KERNELS[i]!, 2], channels)
    addBatchNorm(shapes, `${encoder}.bn`, channels)
    const decoder = `${prefix}.decoder${i}`
    const outputs = i === LAYERS - 1 ? 1 : channels
    const inputs = i === 0 ? channels : 2 * channels
    addHalves(shapes, `${decoder}.transconv.tconv`, [inputs, outputs, DECODER_KERNELS[i]!, 2], outputs)
    addBatchNorm(shapes, `${decoder}.bn`, outputs)
    if (i > 0) addFsmn(shapes, `${prefix}.fsmn_enc${i}`, channels, 1)
    if (i < LAYERS - 1) addFsmn(shapes, `${prefix}.fsmn_dec${i}`, channels, 1)
    if (i < GATED_ENCODERS) addExcite(shapes, `${prefix}.se_layer_enc${i}`, channels)
    if (i < GATED_DECODERS) addExcite(shapes, `${prefix}.se_layer_dec${i}`, channels)
  }
  addFsmn(shapes, `${prefix}.fsmn`, channels, BOTTLENECK_LAYERS)
  addHalves(shapes, `${prefix}.linear.conv`, [1, 1, 1, 1], 1)
}

function addHalves(shapes: Map<string, readonly number[]>, key: string, shape: readonly number[], bias: number): void {
  for (const half of ['re', 'im']) {
    shapes.set(`${key}_${half}.weight`, shape)
    shapes.set(`${key}_${half}.bias`, [bias])
  }
}

function addBatchNorm(shapes: Map<string, readonly number[]>, key: string, channels: number): void {
  for (const half of ['re', 'im']) {
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) {
      shapes.set(`${key}.bn_${half}.${part}`, [channels])
    }
  }
}

function addFsmn(shapes: Map<string, readonly number[]>, key: string, channels: number, layers: number): void {
  for (let layer = 1; layer <= layers; layer++) {
    for (const half of ['re', 'im']) {
      const unit = `${key}.fsmn_${half}_L${layer}`
      shapes.set(`${unit}.linear.weight`, [channels, channels])
      shapes.set(`${unit}.linear.bias`, [channels])
      shapes.set(`${unit}.project.weight`, [channels, channels])
      shapes.set(`${unit}.conv1.weight`, [channels, 1, MEMORY_TAPS, 1])
    }
  }
}

function addExcite(shapes: Map<string, readonly number[]>, key: string, channels: number): void {
  const hidden = exciteHidden(channels)
  for (const half of ['r', 'i']) {
    shapes.set(`${key}.fc_${half}.0.weight`, [hidden, channels])
    shapes.set(`${key}.fc_${half}.0.bias`, [hidden])
    shapes.set(`${key}.fc_${half}.2.weight`, [channels, hidden])
    shapes.set(`${key}.fc_${half}.2.bias`, [channels])
  }
}
