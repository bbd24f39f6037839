import { describe, expect, it } from 'vitest'
import { formulaStateDict } from './formulaWeights'
import { checkWeights, officialKey, type WeightTensor } from './stateDict'

const small = (): Map<string, WeightTensor> => new Map(formulaStateDict({ channels: 4, cascade: 1 }))

describe('checkWeights', () => {
  it.each([
    ['unet.encoders.3.conv.conv_re.weight', 'unet.encoder3.conv.conv_re.weight'],
    ['module.unet2.decoders.6.bn.bn_im.bias', 'unet2.decoder6.bn.bn_im.bias'],
    ['model.module.unet.se_layers_enc.0.fc_r.0.weight', 'unet.se_layer_enc0.fc_r.0.weight'],
    ['unet.se_layers_dec.4.fc_i.2.bias', 'unet.se_layer_dec4.fc_i.2.bias'],
    ['unet.fsmn_enc.2.fsmn_re_L1.linear.weight', 'unet.fsmn_enc2.fsmn_re_L1.linear.weight'],
    ['unet.fsmn_dec.0.fsmn_im_L1.conv1.weight', 'unet.fsmn_dec0.fsmn_im_L1.conv1.weight'],
    ['unet.fsmn.fsmn_re_L2.linear.bias', 'unet.fsmn.fsmn_re_L2.linear.bias']
  ])('knows %s', (key, official) => {
    expect(officialKey(key)).toBe(official)
  })

  it('finds width and cascade by shapes, and passes over what the network does not use', () => {
    const tensors = small()
    tensors.set('stft.weight', { shape: [1], data: Float32Array.of(NaN) })
    tensors.set('unet.fsmn_enc0.fsmn_re_L1.linear.weight', { shape: [9], data: new Float32Array(9) })
    expect(checkWeights(tensors)).toMatchObject({ channels: 4, cascade: 1 })
    const two = checkWeights(formulaStateDict({ channels: 8, cascade: 2 }))
    expect(two).toMatchObject({ channels: 8, cascade: 2 })
  })

  it('counts the official network: what inference uses, without the transforms and the dead layers', () => {
    let [weights, statistics] = [0, 0]
    for (const [name, { data }] of formulaStateDict({ channels: 128, cascade: 2 })) {
      if (name.includes('running_')) statistics += data.length
      else weights += data.length
    }
    expect(weights).toBe(12_824_276)
    expect(weights + statistics).toBe(51_350_384 / 4)
  })

  it('names the tensor that is missing or of another shape', () => {
    const missing = small()
    missing.delete('unet.decoder3.transconv.tconv_im.bias')
    expect(() => checkWeights(missing)).toThrow(/E_MODEL_UNSUPPORTED.*unet\.decoder3\.transconv\.tconv_im\.bias/)
    const reshaped = small()
    reshaped.set('unet.linear.conv_re.weight', { shape: [1, 1, 1, 2], data: new Float32Array(2) })
    expect(() => checkWeights(reshaped)).toThrow(/E_MODEL_UNSUPPORTED.*unet\.linear\.conv_re\.weight/)
    expect(() => checkWeights(new Map())).toThrow(/E_MODEL_UNSUPPORTED/)
  })

  it('refuses values that would silence or poison every file', () => {
    const poisoned = small()
    poisoned.set('unet.linear.conv_re.weight', { shape: [1, 1, 1, 1], data: Float32Array.of(NaN) })
    expect(() => checkWeights(poisoned)).toThrow(/E_MODEL_DAMAGED/)
    const negative = small()
    negative.set('unet.encoder0.bn.bn_re.running_var', { shape: [4], data: Float32Array.of(1, -1, 1, 1) })
    expect(() => checkWeights(negative)).toThrow(/E_MODEL_DAMAGED/)
  })
})
