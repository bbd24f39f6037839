import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { HASHES_NAME, hashesOf, type ResourceHashes } from '../src/main/installation'
import { cycloneDx } from './licences/cycloneDx'
import { writeLicences } from './licences/writeLicences'
import { projectRoot } from './projectRoot'

/**
 * `npm run pack -- [--linux|--win|--mac] [--x64|--arm64] [more of electron-builder's options]`: packs the built app for one
 * platform and one processor, this machine's without a word. The hashes of all that lies outside the archive go into it first.
 */
const PLATFORMS = { '--linux': 'linux', '--win': 'win32', '--mac': 'darwin' } as const

const args = process.argv.slice(2)
const named = Object.entries(PLATFORMS).filter(([option]) => args.includes(option))
const archs = ['x64', 'arm64'].filter((arch) => args.includes(`--${arch}`))
if (named.length > 1 || archs.length > 1) {
  console.error('One platform and one processor at a time: each has its own hashes in its archive.')
  process.exit(2)
}
const platform = named[0]?.[1] ?? process.platform
const arch = archs[0] ?? process.arch

const from = (...names: string[]): string => path.join(projectRoot, ...names)
const runtime = `node_modules/onnxruntime-node/bin/napi-v6/${platform}/${arch}`
if (!existsSync(from(runtime))) {
  console.error(`onnxruntime-node has nothing for ${platform} ${arch}: there is no ${runtime}.`)
  process.exit(2)
}
/** What `build/ffmpeg/build.sh` made for this platform; a release without it uses the ffmpeg of its user. */
const ffmpeg = path.join('build', 'ffmpeg', `${platform}-${arch}`)
const hasFfmpeg = existsSync(from(ffmpeg))
if (!hasFfmpeg) console.log(`Without ffmpeg: there is no ${ffmpeg} (build/ffmpeg/build.sh makes it).`)
const hashes: ResourceHashes = {
  ...hashesOf(from('models'), 'models', (name) => name === 'catalog.json' || name.endsWith('.onnx')),
  ...hashesOf(from('demo'), 'demo'),
  ...hashesOf(from('demo-clean'), 'demo-clean'),
  ...hashesOf(from(runtime), `app.asar.unpacked/${runtime}`),
  ...(hasFfmpeg ? hashesOf(from(ffmpeg), 'ffmpeg') : {})
}
writeFileSync(from(HASHES_NAME), `${JSON.stringify(hashes, null, 2)}\n`)
const parts = writeLicences({ root: projectRoot, platform: `${platform}-${arch}` })

const option = Object.entries(PLATFORMS).find(([, name]) => name === platform)?.[0] ?? '--linux'
const feed = process.env.STILLWAVE_UPDATE_URL
const options = [
  ...(named.length === 0 ? [option] : []),
  ...(archs.length === 0 ? [`--${arch}`] : []),
  ...(feed ? ['-c.publish.provider=generic', `-c.publish.url=${feed}`] : []),
  ...args
]
const cli = createRequire(import.meta.url).resolve('electron-builder/cli.js')
const config = ['--config', from('build', 'electron-builder.yml'), '--publish', 'never']
const { status } = spawnSync(process.execPath, [cli, ...config, ...options], { cwd: projectRoot, stdio: 'inherit' })
process.exitCode = status ?? 1
if (status === 0) writeSbom()

/** The list of parts, beside the packages. */
function writeSbom(): void {
  const product = JSON.parse(readFileSync(from('package.json'), 'utf8')) as { name: string; version: string }
  const named = args.find((one) => one.startsWith('-c.directories.output='))?.split('=')[1]
  const folder = path.resolve(projectRoot, named ?? 'dist')
  mkdirSync(folder, { recursive: true })
  const name = `Stillwave-${product.version}-${platform}-${arch}.cdx.json`
  writeFileSync(path.join(folder, name), `${JSON.stringify(cycloneDx(product, parts), null, 2)}\n`)
}
