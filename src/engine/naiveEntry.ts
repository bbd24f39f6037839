import { readFile } from 'node:fs/promises'

/** The process that denoises the naive way. */
await readFile(new URL(import.meta.url))
