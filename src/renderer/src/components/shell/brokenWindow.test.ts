import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { expect, it, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import { i18n } from '../../i18n'
import { fakeApi, installFake, restingSnapshot } from '../../ipc/fakeApi.testkit'
import { spoilsTheWindow, useBroken } from '../../stores/broken'
import App from '../../App.vue'

const bad = ref(false)
vi.mock('./AppFrame.vue', () => ({
  default: defineComponent(() => () => {
    if (bad.value) throw new TypeError('no such part')
    return h('p', [h('span', 'the list')])
  })
}))

it('a part that cannot be drawn puts a message in the window’s place, and the window can be had again (a hole stayed)', async () => {
  installFake(fakeApi({ 'app.snapshot': () => restingSnapshot({}) }))
  const app = mount(App, {
    global: {
      plugins: [createPinia(), i18n],
      config: {
        errorHandler: (thrown, _part, where) => {
          if (spoilsTheWindow(where)) useBroken().tell(thrown)
        }
      }
    }
  })
  expect(app.text()).toBe('the list')
  bad.value = true
  await flushPromises()
  expect(app.get('[data-testid=broken-window]').text()).toContain('TypeError: no such part')
  bad.value = false
  await app.get('[data-testid=broken-reload]').trigger('click')
  await flushPromises()
  expect(app.text()).toBe('the list')
})

it('knows what leaves a hole from what was only not done, as Vue says it while developing and in a release', () => {
  const address = 'https://vuejs.org/error-reference/#runtime-'
  for (const where of ['setup function', 'render function', `${address}0`, `${address}1`, `${address}15`])
    expect(spoilsTheWindow(where), where).toBe(true)
  for (const where of [
    'native event handler',
    'watcher callback',
    `${address}5`,
    `${address}3`,
    `${address}m`,
    `${address}10`
  ])
    expect(spoilsTheWindow(where), where).toBe(false)
})
