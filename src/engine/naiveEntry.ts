import { serveParent } from '../audio/processes/serveParent'
import { naiveServer } from './naiveServer'

/** The process that denoises the naive way, for comparison only: the product's own work never goes through it. */
serveParent(process, {
  name: 'naive',
  orphanGraceMs: 0,
  open: naiveServer
})
