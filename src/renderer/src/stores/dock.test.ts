import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { expect, it } from 'vitest'
import { DEFAULT_APP_SETTINGS, patchSettings } from '../../../shared/settings/appSettings'
import { fakeApi, installFake, restingSnapshot } from '../ipc/fakeApi.testkit'
import { useDock } from './dock'
import { useSession } from './session'
import { useSettings } from './settings'

it('is as high as it was left, never higher than the window lets it (its height was forgotten at every start)', async () => {
  let main = DEFAULT_APP_SETTINGS
  installFake(
    fakeApi({
      'app.snapshot': () => restingSnapshot({ settings: main }),
      'settings.patch': (patch) => (main = patchSettings(main, patch))
    })
  )
  setActivePinia(createPinia())
  await useSession().refresh()
  useDock().resize(401.6, 900)
  await useSettings().flush()
  expect(main.dockHeightPx).toBe(402)
  useDock().resize(880, 900)
  useDock().resize(9000, 900)
  await useSettings().flush()
  await flushPromises()
  expect(main.dockHeightPx).toBe(640)

  setActivePinia(createPinia())
  await useSession().refresh()
  expect(useDock().heightPx).toBe(640)
  useDock().resize(20, 900)
  expect(useDock().heightPx).toBe(190)
})
