import { serveParent } from '../audio/processes/serveParent'
import { workshopServer } from './workshopServer'

/** The process that deals with model files: looks into them, converts them, tries them. */
serveParent(process, {
  name: 'workshop',
  orphanGraceMs: 0,
  open: workshopServer
})
