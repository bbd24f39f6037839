import { watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useDialogs } from '../../stores/dialogs'
import { useToasts } from '../../stores/toasts'
import { useUpdates } from '../../stores/updates'

/** Says once that a newer version was found, where the preferences do not already show it. */
export function useUpdateToast(): void {
  const { t } = useI18n()
  const { open } = useDialogs()
  const toasts = useToasts()
  const updates = useUpdates()
  const newer = (): string | null => (updates.state.kind === 'newer' ? updates.state.version : null)
  const said = new Set<string>()
  watch(newer, (version) => {
    if (version === null || said.has(version)) return
    said.add(version)
    if (!open.preferences) toasts.show('info', t('toasts.newVersion', { version }), t('toasts.newVersionWhere'))
  })
}
