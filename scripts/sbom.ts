import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cycloneDx } from './licences/cycloneDx'
import { writeLicences } from './licences/writeLicences'
import { projectRoot } from './projectRoot'

/** `npm run sbom [-- FILE]`: everything by others that ships, as CycloneDX JSON; to the standard output without a file. */
const product = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
  name: string
  version: string
}
const platform = `${process.platform}-${process.arch}`
const text = `${JSON.stringify(cycloneDx(product, writeLicences({ root: projectRoot, platform })), null, 2)}\n`
const [file] = process.argv.slice(2)
if (file === undefined) process.stdout.write(text)
else writeFileSync(file, text)
