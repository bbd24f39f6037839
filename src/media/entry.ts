/** The media process: looks at files, never at models. */
console.error('The media process is started by Stillwave, not by hand.')
process.exit(2)
