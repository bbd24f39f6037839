import { createPackage } from '@electron/asar'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** What `@electron/fuses` looks for in the program, the version of the wire, and one byte for each fuse. */
const FUSE_WIRE = [Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Buffer.from([1, 8]), Buffer.from('00000000')]

const FILES = [
  'LICENSE',
  'LICENSES.chromium.html',
  'chrome-sandbox',
  'chrome_crashpad_handler',
  'icudtl.dat',
  'libffmpeg.so',
  'locales/en-US.pak',
  'locales/zh-CN.pak'
]

/** A folder laid out as Electron's distribution for Linux, with a program that only has the place of the fuses. */
export async function writeStubElectron(folder: string, version: string): Promise<void> {
  await mkdir(path.join(folder, 'locales'), { recursive: true })
  await mkdir(path.join(folder, 'resources'))
  for (const name of FILES) await writeFile(path.join(folder, name), name)
  await writeFile(path.join(folder, 'version'), version)
  await writeFile(path.join(folder, 'electron'), Buffer.concat(FUSE_WIRE), { mode: 0o755 })
  const demoApp = path.join(folder, 'demo-app')
  await mkdir(demoApp)
  await writeFile(path.join(demoApp, 'package.json'), '{}')
  await createPackage(demoApp, path.join(folder, 'resources', 'default_app.asar'))
}
