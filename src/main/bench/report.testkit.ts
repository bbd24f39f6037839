import type { BenchReport } from '../../shared/ipc/benchViews'

const none = (why: 'notRun' | 'noReference' | 'notMeasured') => ({ why, expectedBytes: null })

/** A report as of a machine that had no memory for the naive way. */
export const REFUSED: BenchReport = {
  version: 1,
  at: '2026-03-01T10:00:00.000Z',
  app: '9.9.9',
  machine: { cpu: 'Some CPU', cores: 4, memoryBytes: 16e9, platform: 'linux x64' },
  model: 'frcrn-lite',
  device: 'cpu',
  material: { name: 'talk.m4a', audioSec: 300, treatment: 'cut', hasReference: false },
  growthFiles: 8,
  rows: [
    {
      id: 'peakRss',
      unit: 'bytes',
      naive: { why: 'tooLarge', expectedBytes: 19_400_000_000 },
      stillwave: 153_309_184,
      article: 140_705_792
    },
    {
      id: 'wallTime',
      unit: 's',
      naive: { why: 'tooLarge', expectedBytes: 19_400_000_000 },
      stillwave: 12.3456,
      article: 1234.5
    },
    {
      id: 'growth',
      unit: 'bytes',
      naive: { why: 'tooLarge', expectedBytes: null },
      stillwave: 741_376,
      article: -2_199_552
    },
    { id: 'stoi', unit: 'ratio', naive: none('noReference'), stillwave: 0.877571, article: none('notMeasured') },
    { id: 'agreement', unit: 'dB', naive: none('notRun'), stillwave: none('notRun'), article: 36.0905 }
  ]
}
