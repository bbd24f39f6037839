/**
 * What "Get CUDA support" downloads: ONNX Runtime's CUDA provider of the very version of the package, and NVIDIA's libraries that it
 * loads, so that nothing but the card's driver has to be installed. Addresses, lengths and hashes as their publishers have them.
 */

export interface CudaPart {
  readonly fileName: string
  readonly url: string
  /** Null where only the hash is known: the length is what the server says, and the hash decides. */
  readonly bytes: number | null
  /** Null where nobody knows it: nothing is downloaded then. */
  readonly sha256: string | null
  readonly format: 'zip' | 'tgz'
  /** Libraries that are taken; null takes every one in the archive's `lib` folders. */
  readonly names: readonly string[] | null
}

export interface CudaOffer {
  /** Of onnxruntime-node: its own libraries of another version would not fit. */
  readonly ortVersion: string
  /** `platform/arch` of Node. */
  readonly system: string
  readonly licence: string
  readonly parts: readonly CudaPart[]
}

const wheel = (path: string, bytes: number, sha256: string): CudaPart => ({
  fileName: path.slice(path.lastIndexOf('/') + 1),
  url: `https://files.pythonhosted.org/packages/${path}`,
  bytes,
  sha256,
  format: 'zip',
  names: null
})

const ORT = 'onnxruntime-linux-x64-gpu_cuda12-1.30.0.tgz'

export const CUDA_OFFERS: readonly CudaOffer[] = [
  {
    ortVersion: '1.30.0',
    system: 'linux/x64',
    licence: 'ONNX Runtime: MIT. CUDA and cuDNN: NVIDIA Software License Agreement.',
    parts: [
      {
        fileName: ORT,
        url: `https://github.com/microsoft/onnxruntime/releases/download/v1.30.0/${ORT}`,
        bytes: null,
        sha256: 'f9886932ee7bb0b4d3fcab736a392d4ff5efaa0672b47f19f0cec03437cf64f1',
        format: 'tgz',
        names: ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so']
      },
      wheel(
        '0d/9b/a997b638fcd068ad6e4d53b8551a7d30fe8b404d6f1804abf1df69838932/nvidia_cuda_runtime_cu12-12.8.90-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        954_765,
        'adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90'
      ),
      wheel(
        'dc/61/e24b560ab2e2eaeb3c839129175fb330dfcfc29e5203196e5541a4c44682/nvidia_cublas_cu12-12.8.4.1-py3-none-manylinux_2_27_x86_64.whl',
        594_346_921,
        '8ac4e771d5a348c551b2a426eda6193c19aa630236b418086020df5ba9667142'
      ),
      wheel(
        'ba/51/e123d997aa098c61d029f76663dedbfb9bc8dcf8c60cbd6adbe42f76d049/nvidia_cudnn_cu12-9.10.2.21-py3-none-manylinux_2_27_x86_64.whl',
        706_758_467,
        '949452be657fa16687d0930933f032835951ef0892b37d2d53824d1a84dc97a8'
      ),
      wheel(
        '1f/13/ee4e00f30e676b66ae65b4f08cb5bcbb8392c03f54f2d5413ea99a5d1c80/nvidia_cufft_cu12-11.3.3.83-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        193_118_695,
        '4d2dd21ec0b88cf61b62e6b43564355e5222e4a3fb394cac0db101f2dd0d4f74'
      ),
      wheel(
        'fb/aa/6584b56dc84ebe9cf93226a5cde4d99080c8e90ab40f0c27bda7a0f29aa1/nvidia_curand_cu12-10.3.9.90-py3-none-manylinux_2_27_x86_64.whl',
        63_619_976,
        'b32331d4f4df5d6eefa0554c565b626c7216f87a06a4f56fab27c3b68a830ec9'
      ),
      wheel(
        'f6/74/86a07f1d0f42998ca31312f998bd3b9a7eff7f52378f4f270c8679c77fb9/nvidia_nvjitlink_cu12-12.8.93-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        39_254_836,
        '81ff63371a7ebd6e6451970684f916be2eab07321b73c9d244dc2b4da7f73b88'
      ),
      wheel(
        '05/6b/32f747947df2da6994e999492ab306a903659555dddc0fbdeb9d71f75e52/nvidia_cuda_nvrtc_cu12-12.8.93-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        88_040_029,
        'a7756528852ef889772a84c6cd89d41dfa74667e24cca16bb31f8f061e3e9994'
      )
    ]
  }
]

/** The offer that fits; null where there is none, or a hash of it is not known. */
export function offerFor(
  offers: readonly CudaOffer[],
  ortVersion: string,
  system: string
): (CudaOffer & { readonly parts: readonly VerifiablePart[] }) | null {
  const offer = offers.find((one) => one.ortVersion === ortVersion && one.system === system)
  if (!offer) return null
  const parts = offer.parts.filter((part): part is VerifiablePart => part.sha256 !== null)
  return parts.length === offer.parts.length ? { ...offer, parts } : null
}

export type VerifiablePart = CudaPart & { readonly sha256: string }
