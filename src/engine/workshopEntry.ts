import { serveParent } from '../audio/processes/serveParent'
import { WorkshopServer } from './workshopServer'

/** The process that deals with model files: looks into them, converts them, tries them. */
serveParent(process, {
  name: 'workshop',
  orphanGraceMs: 0,
  open: (send) => new WorkshopServer(send)
})
