import { serveParent } from '../audio/processes/serveParent'
import { loadEngine } from './denoise/engine'
import { plannedFault, withFaults } from './faults'
import { EngineServer } from './serve'

/** The engine process. */
serveParent(process, {
  name: 'engine',
  orphanGraceMs: 5000,
  open: (send) => new EngineServer(send, withFaults(loadEngine, plannedFault(process.env)))
})
