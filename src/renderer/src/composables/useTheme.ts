import { onScopeDispose, shallowRef, watchEffect } from 'vue'
import type { AppSettings } from '../../../shared/settings/appSettings'
import { onPush } from '../ipc/client'
import { useSession } from '../stores/session'

/** Puts the theme of the settings on `<html data-theme>`; `system` follows the system, live. */
export function useTheme(): void {
  const session = useSession()
  const told = shallowRef<AppSettings | null>(null)
  const media = window.matchMedia('(prefers-color-scheme: dark)')
  const systemDark = shallowRef(media.matches)
  const follow = (): void => {
    systemDark.value = media.matches
  }
  media.addEventListener('change', follow)
  const stop = onPush('settings', (push) => (told.value = push.settings))
  onScopeDispose(() => {
    media.removeEventListener('change', follow)
    stop()
  })
  watchEffect(() => {
    const theme = (told.value ?? session.snapshot?.settings)?.theme ?? 'system'
    const dark = theme === 'dark' || (theme === 'system' && systemDark.value)
    document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  })
}
