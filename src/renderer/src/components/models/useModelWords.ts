import { useI18n } from 'vue-i18n'
import type { ConcreteDevice } from '../../../../shared/devices/providers'
import type { ErrorPayload } from '../../../../shared/errors/appError'
import type { SelfCheckView, ShelfModel } from '../../../../shared/ipc/modelViews'
import type { Device, Precision } from '../../../../shared/settings/choices'
import { useFormat } from '../../format/useFormat'
import { useErrorText, type ErrorText } from '../../i18n'

export interface CheckWords {
  readonly tone: 'done' | 'warn'
  readonly text: string
  /** What kept it from being done; null where it was. */
  readonly problem: ErrorText | null
}

export interface ModelWords {
  /** `Converted here from weights.pt · Apache-2.0 · 26 MB · FP32 and FP16`. */
  readonly facts: (model: ShelfModel) => string
  /** What was measured of its quality; null where nothing was. */
  readonly scores: (model: ShelfModel) => string | null
  readonly precisions: (precisions: readonly Precision[]) => string
  readonly check: (check: SelfCheckView) => CheckWords
  readonly deviceName: (device: Device) => string
  /** When its files were looked at last. */
  readonly checkedWhen: (model: ShelfModel) => string
  /** Our own words for a model that we know, else those that came with it, which are English. */
  readonly notes: (
    id: string,
    given: string | null
  ) => { readonly text: string; readonly lang: string | undefined } | null
  /** An error about a model: the general words, with what to do for a model in place of a recording. */
  readonly problem: (error: ErrorPayload) => ErrorText
}

/** What the Models view says of models. */
export function useModelWords(): ModelWords {
  const words = useI18n()
  const { t } = words
  const isKnown = (key: string): boolean => words.te(key)
  const format = useFormat()
  const errorText = useErrorText()

  const problem: ModelWords['problem'] = (error) => {
    const plain = errorText(error)
    const next = `models.next.${error.code}`
    return isKnown(next) ? { ...plain, next: t(next) } : plain
  }
  const precisions: ModelWords['precisions'] = (list) => {
    const [first, second] = list
    return second === undefined ? t(`models.precisions.${first ?? 'fp32'}`) : t('models.precisions.both')
  }
  const deviceName: ModelWords['deviceName'] = (device) => t(`models.devices.${device}`)
  const facts: ModelWords['facts'] = (model) => {
    const kind = t(`models.kinds.${model.kind}`)
    const { sourceFileName: file } = model
    const parts = [
      file === null ? kind : t('models.fromFile', { kind, file }),
      model.licence ?? t('models.licenceUnknown'),
      format.bytes(model.sizeBytes)
    ]
    return (model.precisions.length === 0 ? parts : [...parts, precisions(model.precisions)]).join(' · ')
  }
  const scores: ModelWords['scores'] = (model) => {
    if (!model.scores) return null
    const { siSdrDb, stoi, pairs } = model.scores
    const figures = { siSdr: `${format.number(siSdrDb, 2)} dB`, stoi: format.number(stoi, 3), n: pairs }
    return t('models.scores', figures, pairs)
  }
  const matching = (check: SelfCheckView): string => {
    const device = deviceName(check.device)
    const parts = [t('models.check.matches', { device, snr: format.decibels(check.snrDb ?? 0) })]
    if (check.speedRatio !== null) parts.push(t('models.check.speed', { speed: format.speed(check.speedRatio) }))
    const memory = savedBytes(check)
    if (memory !== null && Math.abs(memory) >= 1e6) {
      const size = format.bytes(Math.abs(memory))
      parts.push(t(memory > 0 ? 'models.check.memoryLess' : 'models.check.memoryMore', { size }))
    }
    return t('models.check.stop', { text: parts.join(t('models.check.comma')) })
  }
  const check: ModelWords['check'] = (done) => {
    if (done.isTrusted) return { tone: 'done', text: matching(done), problem: null }
    const device = deviceName(done.device)
    if (done.error) return { tone: 'warn', text: t('models.check.failed', { device }), problem: problem(done.error) }
    if (done.snrDb === null) return { tone: 'warn', text: t('models.check.broken', { device }), problem: null }
    return {
      tone: 'warn',
      text: t('models.check.differs', { device, snr: format.decibels(done.snrDb) }),
      problem: null
    }
  }
  const checkedWhen: ModelWords['checkedWhen'] = ({ verifiedAt, addedAt }) => {
    if (verifiedAt !== null) return t('models.verified', { when: format.moment(verifiedAt) })
    return addedAt === null ? t('models.checkedAtLoad') : t('models.added', { when: format.moment(addedAt) })
  }
  const notes: ModelWords['notes'] = (id, given) => {
    const own = `models.notes.${id}`
    if (isKnown(own)) return { text: t(own), lang: undefined }
    return given === null ? null : { text: given, lang: 'en' }
  }
  return { facts, scores, precisions, check, deviceName, checkedWhen, notes, problem }
}

/** How much less memory FP16 took at its peak; below nought where it took more, null where one of them did not run. */
export function savedBytes({ fp32, fp16 }: SelfCheckView): number | null {
  return fp32 && fp16 ? fp32.peakRssBytes - fp16.peakRssBytes : null
}

/** The check that counts for a device; who chose `auto` asks for what main says it stands for. */
export function checkFor(checks: readonly SelfCheckView[], device: ConcreteDevice): SelfCheckView | null {
  return checks.find((check) => check.device === device) ?? null
}
