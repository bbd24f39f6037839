import { writeLicences } from './licences/writeLicences'
import { projectRoot } from './projectRoot'

/** The last step of `npm run build`: the licences of all that the bundles and the packages hold. */
writeLicences({ root: projectRoot, platform: null })
