import type { ModelTaskView, OfferView, SelfCheckView, ShelfModel } from '../../../../shared/ipc/modelViews'

/** Shelves for tests. */

export const TRUSTED: SelfCheckView = {
  device: 'cpu',
  checkedAt: '2026-03-01T10:00:00.000Z',
  isTrusted: true,
  snrDb: 62.3,
  speedRatio: 0.6,
  fp32: { wallSec: 1, peakRssBytes: 400e6 },
  fp16: { wallSec: 1.7, peakRssBytes: 260e6 },
  error: null
}

export const LITE: ShelfModel = {
  id: 'frcrn-lite',
  name: 'FRCRN-lite',
  kind: 'bundled',
  licence: 'Apache-2.0',
  notes: null,
  sourceFileName: null,
  sizeBytes: 5_138_365,
  precisions: ['fp32'],
  selfChecks: [],
  addedAt: null,
  verifiedAt: null,
  folder: '/app/models',
  problem: null,
  offerId: null
}

export const OWN: ShelfModel = {
  ...LITE,
  id: 'my-weights',
  name: 'My weights',
  kind: 'checkpoint',
  licence: null,
  sourceFileName: 'My weights.pt',
  sizeBytes: 57_991_225,
  precisions: ['fp32', 'fp16'],
  selfChecks: [TRUSTED],
  addedAt: '2026-03-01T10:00:00.000Z',
  verifiedAt: '2026-03-02T11:30:00.000Z',
  folder: '/data/models/my-weights'
}

export const OFFER: OfferView = {
  id: 'frcrn-clearervoice',
  name: 'FRCRN SE 16K (ClearerVoice)',
  licence: 'Apache-2.0',
  notes: 'by its authors',
  bytes: 160e6,
  mirrors: ['huggingface.co', 'hf-mirror.com'],
  partialBytes: 0,
  installedAs: null
}

export function taskOf(change: Partial<ModelTaskView> = {}): ModelTaskView {
  return {
    taskId: 't1',
    kind: 'add',
    modelId: null,
    name: 'My weights.pt',
    state: { kind: 'running', phase: 'convert', fraction: 0.34 },
    ...change
  }
}
