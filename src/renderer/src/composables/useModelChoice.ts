import { presetsFor, presetValues } from '../../../shared/settings/presets'
import { useApp } from '../stores/app'
import { useSettings } from '../stores/settings'

/** Takes another model for the next files: the same preset in its own measure, or its Balanced where the values were no preset. */
export function useModelChoice(): (modelId: string) => Promise<void> {
  const app = useApp()
  const settings = useSettings()
  return async (modelId) => {
    const model = app.models.find(({ id }) => id === modelId)
    if (!model) return
    const same = presetsFor(model).find((id) => settings.preset?.id === id)
    await settings.patch({ job: { modelId, ...presetValues(same ?? 'balanced', model) } })
  }
}
