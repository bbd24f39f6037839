import type { WorldPort } from './worldPort'

/** The page's own world: what the preload exposes becomes a frozen property of `window`. Self-contained: the page gets its source. */
export function openMainWorld(port: WorldPort): void {
  const freeze = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || Object.isFrozen(value)) return
    Object.freeze(value)
    for (const held of Object.values(value)) freeze(held)
  }
  port.onOffer((offered) => {
    const { key, api } = offered as { readonly key: string; readonly api: unknown }
    freeze(api)
    Object.defineProperty(window, key, { value: api, enumerable: true, configurable: false, writable: false })
  })
}
