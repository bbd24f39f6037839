/** `npm run test:long`: every look, more and longer files, more kills. The default suite proves the same in its short form. */
export const isLongForm = process.env.STILLWAVE_LONG === '1'
