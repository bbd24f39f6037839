import { useI18n } from 'vue-i18n'
import type { PreflightWarning } from '../../../../shared/ipc/views'
import { useFormat, type Format } from '../../format/useFormat'
import { useErrorText, type ErrorText } from '../../i18n'
import { MB } from './budgets'

/** How heavy a warning is: it stops the run, it needs care, or it is good to know. */
export type Weight = 'stop' | 'care' | 'note'

export interface PreflightNote {
  readonly kind: PreflightWarning['kind']
  readonly weight: Weight
  readonly what: string
  readonly next: string
}

interface Tools {
  readonly t: ReturnType<typeof useI18n>['t']
  readonly format: Format
  readonly errorText: (error: Extract<PreflightWarning, { kind: 'unsupported' }>['error']) => ErrorText
}

/** A warning in the window's language, with what to do about it. */
export function usePreflightWords(): (warning: PreflightWarning) => PreflightNote {
  const { t } = useI18n()
  const tools = { t, format: useFormat(), errorText: useErrorText() }
  return (warning) => ({ kind: warning.kind, weight: weightOf(warning), ...wordsOf(warning, tools) })
}

function weightOf(warning: PreflightWarning): Weight {
  switch (warning.kind) {
    case 'outputNotWritable':
    case 'disk':
    case 'budget':
      return 'stop'
    case 'formatChanges':
    case 'soundOnly':
    case 'settingsDiffer':
      return 'note'
    case 'outputExists':
      return warning.onExists === 'overwrite' ? 'care' : 'note'
    default:
      return 'care'
  }
}

const EXISTS_WORDS = {
  skip: 'outputExistsSkip',
  changed: 'outputExistsChanged',
  rename: 'outputExistsRename',
  overwrite: 'outputExistsOverwrite'
} as const

/** The list tells where a file lies: here its name is enough. */
function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

/** A least size is rounded up: one that was rounded down would be refused again. */
function wholeMb(bytes: number): number {
  return Math.ceil(bytes / MB) * MB
}

function wordsOf(warning: PreflightWarning, { t, format, errorText }: Tools): { what: string; next: string } {
  switch (warning.kind) {
    case 'collision': {
      const { count, example } = warning
      return {
        what: t('preflight.collision.what', { n: count, example: nameOf(example) }, count),
        next: t('preflight.collision.next')
      }
    }
    case 'outputExists': {
      const key = EXISTS_WORDS[warning.onExists]
      return {
        what: t(`preflight.${key}.what`, { n: warning.count }, warning.count),
        next: t(`preflight.${key}.next`)
      }
    }
    case 'outputInsideInput':
    case 'outputNotWritable':
      return {
        what: t(`preflight.${warning.kind}.what`, { path: warning.path }),
        next: t(`preflight.${warning.kind}.next`)
      }
    case 'disk': {
      const sizes = { needed: format.bytes(warning.neededBytes), free: format.bytes(warning.freeBytes) }
      return { what: t('preflight.disk.what', { ...sizes, path: warning.path }), next: t('preflight.disk.next') }
    }
    case 'memory': {
      const sizes = { needed: format.bytes(warning.neededBytes), available: format.bytes(warning.availableBytes) }
      return { what: t('preflight.memory.what', sizes), next: t('preflight.memory.next') }
    }
    case 'budget': {
      const sizes = {
        budget: format.bytes(warning.budgetBytes),
        smallest: format.bytes(wholeMb(warning.smallestBytes))
      }
      return { what: t('preflight.budget.what', sizes), next: t('preflight.budget.next', sizes) }
    }
    case 'unsupported': {
      const { count, example, error } = warning
      const { what, next } = errorText(error)
      return {
        what: t('preflight.unsupported.what', { n: count, example: nameOf(example) }, count),
        next: t('units.joined', { first: what, second: next })
      }
    }
    case 'formatChanges': {
      const { count, example, becomes } = warning
      const named = { n: count, example: nameOf(example), format: becomes.toUpperCase() }
      return { what: t('preflight.formatChanges.what', named, count), next: t('preflight.formatChanges.next') }
    }
    case 'soundOnly': {
      const { count, example } = warning
      const named = { n: count, example: nameOf(example) }
      return { what: t('preflight.soundOnly.what', named, count), next: t('preflight.soundOnly.next') }
    }
    case 'settingsDiffer': {
      const { count } = warning
      return { what: t('settings.apply.differ', { n: count }, count), next: t('preflight.settingsDiffer.next') }
    }
  }
}
