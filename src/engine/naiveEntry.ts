import { serveParent } from '../audio/processes/serveParent'
import { NaiveServer } from './naiveServer'

/** The process that denoises the naive way, for comparison only: the product's own work never goes through it. */
serveParent(process, {
  name: 'naive',
  orphanGraceMs: 0,
  open: (send) => new NaiveServer(send)
})
