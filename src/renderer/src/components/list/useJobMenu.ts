import {
  ArrowUpToLine,
  Ban,
  ClipboardCopy,
  ExternalLink,
  FileAudio,
  FlaskConical,
  FolderOpen,
  Info,
  Play,
  RotateCcw,
  SlidersHorizontal,
  Trash2
} from 'lucide-vue-next'
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Job } from '../../../../shared/jobs/job'
import { idsFor, useQueueActions } from '../../composables/useQueueActions'
import { useListView } from '../../stores/listView'
import { usePreview } from '../../stores/preview'
import { useStrengthChange } from '../../stores/strengthChange'
import type { MenuEntry } from '../ui/kit'
import { useListening } from './useListening'

/** The menu of the chosen rows: what can be done with one, then what can be done with all of them. */
export function useJobMenu(): ComputedRef<readonly MenuEntry[]> {
  const { t } = useI18n()
  const view = useListView()
  const actions = useQueueActions()
  const preview = usePreview()
  const strength = useStrengthChange()
  const listening = useListening()

  const forOne = (job: Job): readonly MenuEntry[] => {
    const hasResult = job.status.kind === 'done' || job.status.kind === 'skipped'
    const which = hasResult ? 'result' : 'source'
    return [
      {
        id: 'listen',
        label: t('actions.listen'),
        icon: Play,
        shortcut: '↵',
        run: () => {
          listening.listen(job)
        }
      },
      {
        id: 'preview',
        label: t('actions.preview'),
        icon: FlaskConical,
        disabled: preview.isWorking,
        run: () => {
          listening.tryOut(job)
        }
      },
      {
        id: 'openResult',
        label: t('actions.openResult'),
        icon: FileAudio,
        disabled: !hasResult,
        run: () => void actions.openResult(job)
      },
      { id: 'openSource', label: t('actions.openSource'), icon: ExternalLink, run: () => void actions.openSource(job) },
      { id: 'reveal', label: t('actions.reveal'), icon: FolderOpen, run: () => void actions.reveal(job, which) },
      {
        id: 'details',
        label: t('actions.details'),
        icon: Info,
        shortcut: 'Alt+↵',
        run: () => (view.detailsOpen = true)
      },
      null
    ]
  }
  const forAll = (jobs: readonly Job[]): readonly MenuEntry[] => [
    {
      id: 'runNext',
      label: t('actions.runNext'),
      icon: ArrowUpToLine,
      disabled: idsFor.runNext(jobs).length === 0,
      run: () => void actions.say('runNext', jobs)
    },
    {
      id: 'retry',
      label: t('actions.retry'),
      icon: RotateCcw,
      disabled: idsFor.retry(jobs).length === 0,
      run: () => void actions.say('retry', jobs)
    },
    {
      id: 'changeStrength',
      label: t('actions.changeStrength'),
      icon: SlidersHorizontal,
      disabled: !jobs.some(({ status }) => status.kind === 'done'),
      run: () => {
        strength.ask(jobs)
      }
    },
    {
      id: 'cancel',
      label: t('actions.cancel'),
      icon: Ban,
      disabled: idsFor.cancel(jobs).length === 0,
      run: () => void actions.say('cancel', jobs)
    },
    null
  ]

  return computed(() => {
    const jobs = view.selected
    const [only] = jobs
    const one = jobs.length === 1 && only ? only : null
    return [
      ...(one ? forOne(one) : []),
      ...forAll(jobs),
      ...(one
        ? [
            {
              id: 'copyReport',
              label: t('actions.copyReport'),
              icon: ClipboardCopy,
              run: () => void actions.copyReport(one)
            }
          ]
        : []),
      {
        id: 'remove',
        label: t('actions.remove'),
        icon: Trash2,
        shortcut: 'Del',
        danger: true,
        disabled: idsFor.remove(jobs).length === 0,
        run: () => void actions.remove(jobs)
      }
    ]
  })
}
