import { onScopeDispose } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ScanView } from '../../../../shared/ipc/views'
import { onPush } from '../../ipc/client'
import { useToasts } from '../../stores/toasts'

/** Says once how a search for files ended: how many came, and what was left out. */
export function useScanToasts(): void {
  const { t } = useI18n()
  const toasts = useToasts()

  function leftOut(scan: ScanView): string | null {
    const lines = [
      scan.cutShort ? t('toasts.scanCut') : null,
      scan.skipped > 0 ? t('toasts.scanSkipped', { n: scan.skipped }, scan.skipped) : null,
      scan.otherFiles > 0 ? t('toasts.scanOthers', { n: scan.otherFiles }, scan.otherFiles) : null,
      scan.excluded > 0 ? t('toasts.scanExcluded', { n: scan.excluded }, scan.excluded) : null
    ].filter((line) => line !== null)
    return lines.length > 0 ? lines.join(' ') : null
  }
  function tell(scan: ScanView): void {
    if (scan.error?.code === 'E_CANCELLED') return
    if (scan.error) toasts.showError(scan.error)
    else if (scan.found === 0) toasts.show('warn', t('toasts.scanNone'), leftOut(scan) ?? t('toasts.scanNoneText'))
    else toasts.show('info', t('toasts.scanDone', { n: scan.found }, scan.found), leftOut(scan))
  }

  onScopeDispose(
    onPush('scan', ({ scan }) => {
      if (scan.done) tell(scan)
    })
  )
}
