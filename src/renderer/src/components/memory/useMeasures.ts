import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { EngineFacts } from '../../../../shared/ipc/memoryViews'
import { useFormat } from '../../format/useFormat'
import { useMemory } from '../../stores/memory'
import { usePreflight } from '../../stores/preflight'
import { useSettings } from '../../stores/settings'
import { useDeviceName } from './useDeviceName'

export const MEASURES = ['loaded', 'buffers', 'flight', 'precision', 'session'] as const
export type MeasureId = (typeof MEASURES)[number]

/** One of the five, in words: what is so, and a second, quieter line. */
export interface Measure {
  readonly id: MeasureId
  readonly label: string
  readonly why: string
  readonly value: string
  readonly detail: string
  /** Of the bytes that were loaded; for the model alone. */
  readonly sha256: string | null
}

type Said = Pick<Measure, 'value' | 'detail'>

/** The engine's own account of the five measures; without an engine, what will be so once it starts. */
export function useMeasures(): ComputedRef<readonly Measure[]> {
  const { t } = useI18n()
  const memory = useMemory()
  const now = useMeasuresNow()
  const next = useMeasuresNext()
  return computed(() => {
    const { facts } = memory
    const said = facts ? now(facts) : next()
    return MEASURES.map((id) => ({
      id,
      label: t(`memory.facts.${id}.label`),
      why: t(`memory.facts.${id}.why`),
      sha256: id === 'loaded' && facts ? facts.loaded.sha256 : null,
      ...said[id]
    }))
  })
}

function useMeasuresNow(): (facts: EngineFacts) => Record<MeasureId, Said> {
  const { t } = useI18n()
  const format = useFormat()
  const deviceName = useDeviceName()

  function loaded({ loaded: model }: EngineFacts): Said {
    const kind = model.fileName.endsWith('.safetensors')
      ? 'safetensors'
      : model.fileName.endsWith('.onnx')
        ? 'onnx'
        : null
    const took = t('memory.facts.loaded.took', {
      size: format.bytes(model.sizeBytes),
      time: format.span(model.loadSec)
    })
    return {
      value: t('memory.facts.loaded.value', { name: model.modelName, device: deviceName(model.device) }),
      detail: [
        t(`memory.facts.loaded.${model.isVerified ? 'verified' : 'own'}`),
        ...(kind ? [t(`memory.facts.loaded.${kind}`)] : [model.fileName]),
        took
      ].join(' · ')
    }
  }
  const buffers = ({ buffers: all }: EngineFacts): Said => ({
    value: t('memory.facts.buffers.value', { n: format.number(all.inUse), size: format.bytes(all.inUseBytes) }),
    detail: t('memory.facts.buffers.detail', {
      n: format.number(all.givenBack),
      size: format.bytes(all.givenBackBytes)
    })
  })
  const flight = ({ flight: all, loaded: loadedModel }: EngineFacts): Said => ({
    value: t('memory.facts.flight.value', {
      chunk: t('units.seconds', { n: format.number(all.chunkSec, 2) }),
      batch: all.batch
    }),
    detail: [
      t('memory.facts.flight.detail', { n: all.lanes }, all.lanes),
      t(`memory.facts.loaded.${loadedModel.graph}`)
    ].join(' · ')
  })
  const session = ({ session: all }: EngineFacts): Said => ({
    value: t('memory.facts.session.value', {
      files: t('memory.facts.session.files', { n: format.number(all.files) }, all.files),
      runs: t('memory.facts.session.runs', { n: format.number(all.runs) }, all.runs)
    }),
    detail: t('memory.facts.session.detail', { age: format.span(all.ageSec), n: format.number(all.generation) })
  })
  return (facts) => ({
    loaded: loaded(facts),
    buffers: buffers(facts),
    flight: flight(facts),
    precision: { value: t(`memory.facts.precision.${facts.precision}`), detail: '' },
    session: session(facts)
  })
}

function useMeasuresNext(): () => Record<MeasureId, Said> {
  const { t } = useI18n()
  const format = useFormat()
  const settings = useSettings()
  const deviceName = useDeviceName()
  const preflight = usePreflight()
  return () => {
    const { model, job } = settings
    // What would run: a budget, or memory that ran out before, may have chosen.
    const chosen = preflight.result?.forecast?.reason === 'settings' ? null : preflight.result?.forecast
    const { chunkSec, batch } = chosen ?? job
    const chunk = t('units.seconds', { n: format.number(chunkSec, 2) })
    return {
      loaded: model
        ? {
            value: t('memory.facts.loaded.next', { name: model.name, size: format.bytes(model.sizeBytes) }),
            detail: t('memory.facts.loaded.nextDevice', { device: deviceName(job.device) })
          }
        : { value: t('memory.facts.loaded.noModel'), detail: '' },
      buffers: { value: t('memory.none'), detail: t('memory.facts.buffers.next') },
      flight: {
        value: t('memory.facts.flight.value', { chunk, batch }),
        detail: t(chosen ? 'memory.facts.flight.nextChosen' : 'memory.facts.flight.next')
      },
      precision: { value: t('memory.none'), detail: t('memory.facts.precision.next') },
      session: { value: t('memory.none'), detail: t('memory.facts.session.next') }
    }
  }
}
