import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Handlers, RouteName } from '../../shared/ipc/contract'
import { CONTRACT } from '../../shared/ipc/contract'
import type { CoreHandlers, CoreRoute } from '../core/appCore'
import { mergeHandlers, type ElectronHandlers, type ElectronRoute } from './handlers'

/** Handlers that answer with who they are. */
function named(routes: readonly string[], owner: string): Handlers {
  return Object.fromEntries(
    routes.map((route) => [route, () => Promise.resolve(`${owner} ${route}`)])
  ) as unknown as Handlers
}

const ELECTRON: readonly ElectronRoute[] = [
  'queue.pick',
  'queue.watchFolder',
  'settings.pickFolder',
  'settings.pickFfmpeg',
  'job.reveal',
  'job.open',
  'job.copyReport',
  'bench.export',
  'models.pick',
  'models.reveal',
  'app.cancelCountdown',
  'app.openLogs',
  'diagnostics.save',
  'diagnostics.reveal'
]

describe('handlers', () => {
  test('core and Electron cover the contract, each route once (a route without an owner compiled)', () => {
    expectTypeOf<CoreRoute | ElectronRoute>().toEqualTypeOf<RouteName>()
    expectTypeOf<CoreRoute & ElectronRoute>().toEqualTypeOf<never>()
    expectTypeOf<CoreHandlers & ElectronHandlers>().toExtend<Handlers>()
    expectTypeOf<ElectronRoute>().toEqualTypeOf<(typeof ELECTRON)[number]>()
  })

  test('every route of the contract has its own handler, and no other', async () => {
    const coreRoutes = Object.keys(CONTRACT).filter((route) => !(ELECTRON as readonly string[]).includes(route))
    let asked = 0
    const handlers = mergeHandlers(named(coreRoutes, 'core'), named(ELECTRON, 'electron'), () => asked++)
    expect(Object.keys(handlers).sort()).toEqual(Object.keys(CONTRACT).sort())
    for (const route of ELECTRON) {
      const handler = handlers[route] as unknown as () => Promise<string>
      expect(await handler()).toBe(`electron ${route}`)
    }
    expect(asked).toBe(0)
    expect(await (handlers['app.snapshot']({}) as Promise<unknown>)).toBe('core app.snapshot')
    expect(asked).toBe(1)
  })
})
