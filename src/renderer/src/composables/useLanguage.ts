import { watchEffect } from 'vue'
import { applyLanguage } from '../i18n'
import { useApp } from '../stores/app'
import { useSettings } from '../stores/settings'

/** Speaks the language of the settings, live; `system` is the system's own tag, until that is known the browser's. */
export function useLanguage(): void {
  const app = useApp()
  const settings = useSettings()
  watchEffect(() => {
    if (settings.ready) applyLanguage(settings.current.language, app.info?.locale ?? navigator.language)
  })
}
