import { describe, expect, expectTypeOf, test } from 'vitest'
import type { StillwaveApi } from '../shared/ipc/api'
import { INVOKE_CHANNEL, PUSH_CHANNEL } from '../shared/ipc/channels'
import { CONTRACT, type RouteName } from '../shared/ipc/contract'
import { createApi, type Bridge } from './api'

type Method = (request: unknown) => Promise<unknown>

function fakeBridge(answer: () => Promise<unknown> = () => Promise.resolve('answer')): {
  bridge: Bridge
  invoked: [string, unknown][]
  listeners: Map<string, (data: unknown) => void>
} {
  const invoked: [string, unknown][] = []
  const listeners = new Map<string, (data: unknown) => void>()
  const bridge: Bridge = {
    invoke: (channel, message) => {
      invoked.push([channel, message])
      return answer()
    },
    listen: (channel, listener) => {
      listeners.set(channel, listener)
      return () => listeners.delete(channel)
    },
    pathOf: (file) => (file.name.startsWith('made-') ? '' : `/music/${file.name}`)
  }
  return { bridge, invoked, listeners }
}

/** Every function of the api by its full name. */
function methodsOf(api: StillwaveApi): Map<string, Method> {
  const groups = Object.entries(api).filter(([, group]) => typeof group === 'object')
  return new Map(
    groups.flatMap(([group, methods]) =>
      Object.entries(methods as Record<string, Method>).map(([name, method]) => [`${group}.${name}`, method] as const)
    )
  )
}

describe('window.stillwave', () => {
  test('its methods are the routes of the contract, exactly (a route could be left out, or a door left open)', () => {
    const api = createApi(fakeBridge().bridge)
    expect([...methodsOf(api).keys()].sort()).toEqual(Object.keys(CONTRACT).sort())
    const groups = [
      'app',
      'bench',
      'devices',
      'diagnostics',
      'engine',
      'job',
      'kept',
      'metrics',
      'models',
      'player',
      'preview',
      'queue',
      'settings',
      'updates'
    ]
    expect(Object.keys(api).sort()).toEqual([...groups, 'onPush', 'pathsOf'].sort())
    type Groups = Omit<StillwaveApi, 'pathsOf' | 'onPush'>
    type Named = { [G in keyof Groups]: `${G}.${Extract<keyof Groups[G], string>}` }[keyof Groups]
    expectTypeOf<Named>().toEqualTypeOf<RouteName>()
  })

  test('each method asks for its own route (two were swapped)', async () => {
    const { bridge, invoked } = fakeBridge()
    for (const [route, method] of methodsOf(createApi(bridge))) {
      const request = { of: route }
      expect(await method(request)).toBe('answer')
      expect(invoked.at(-1)).toEqual([INVOKE_CHANNEL, { route, request }])
    }
  })

  test('it is frozen at every level', () => {
    const api = createApi(fakeBridge().bridge)
    expect(Object.isFrozen(api)).toBe(true)
    for (const group of Object.values(api)) if (typeof group === 'object') expect(Object.isFrozen(group)).toBe(true)
  })

  test('an invoke that fails becomes an envelope (the page saw an exception without a code)', async () => {
    const { bridge } = fakeBridge(() => Promise.reject(new Error('An object could not be cloned.')))
    expect(await createApi(bridge).queue.start({})).toEqual({
      ok: false,
      error: { code: 'E_INTERNAL', data: { detail: 'An object could not be cloned.' } }
    })
  })

  test('files that were made in the page have no path and are left out', () => {
    const files = ['a.wav', 'made-b.wav', 'c.wav'].map((name) => new File([], name))
    expect(createApi(fakeBridge().bridge).pathsOf(files)).toEqual(['/music/a.wav', '/music/c.wav'])
  })

  test('listeners get data alone, until they end it', () => {
    const { bridge, listeners } = fakeBridge()
    const heard: unknown[][] = []
    const end = createApi(bridge).onPush((...all: unknown[]) => heard.push(all))
    listeners.get(PUSH_CHANNEL)?.({ topic: 'command', command: 'about' })
    expect(heard).toEqual([[{ topic: 'command', command: 'about' }]])
    end()
    expect(listeners.size).toBe(0)
  })
})
