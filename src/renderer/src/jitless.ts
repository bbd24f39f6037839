import { z } from 'zod'

/**
 * Imported before anything else: zod would try `new Function` the moment a schema is made, and the policy of the page
 * refuses that with a line in the console.
 */
z.config({ jitless: true })
