import { serveParent } from '../audio/processes/serveParent'
import { MediaServer } from './serve'

/** The media process: looks at files, never at models. */
serveParent(process, {
  name: 'media',
  orphanGraceMs: 2000,
  open: (send) => new MediaServer(send)
})
