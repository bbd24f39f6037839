import { extractAll, listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkInstallation, HASHES_NAME, ResourceHashes } from '../../src/main/installation'
import { writeStubElectron } from './stubElectron'

const MB = 1e6
const runtime = `node_modules/onnxruntime-node/bin/napi-v6/linux/x64`

/** `npm run pack` on a stub of Electron's distribution: what a release holds, and that what it holds works. */
describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('a release for Linux x64', () => {
  let root = ''
  let resources = ''
  /** The archive taken apart beside its resources, so that plain Node can run it. */
  let appRoot = ''
  let list: string[] = []

  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'stillwave-pack-'))
    const stub = path.join(root, 'electron')
    const { version } = JSON.parse(readFileSync('node_modules/electron/package.json', 'utf8')) as { version: string }
    await writeStubElectron(stub, version)
    const options = ['--dir', `-c.electronDist=${stub}`, `-c.directories.output=${path.join(root, 'dist')}`]
    execFileSync(process.execPath, ['out/scripts/pack.js', '--linux', '--x64', ...options], { stdio: 'pipe' })
    resources = path.join(root, 'dist', 'linux-unpacked', 'resources')
    list = listPackage(path.join(resources, 'app.asar'), { isPack: false }).map((name) => name.slice(1))
    const loose = path.join(root, 'loose')
    await cp(resources, loose, { recursive: true, filter: (from) => !from.endsWith('app.asar') })
    appRoot = path.join(loose, 'app.asar')
    extractAll(path.join(resources, 'app.asar'), appRoot)
  }, 120_000)

  afterAll(async () => {
    await rm(root, { recursive: true, force: true })
  })

  it('holds every bundle, and nothing of the sources, the tests or other systems', () => {
    for (const name of ['index', 'headless', 'engine', 'media', 'naive', 'workshop'])
      expect(list).toContain(`out/main/${name}.js`)
    expect(list).toContain('out/preload/index.cjs')
    expect(list).toContain('out/renderer/index.html')
    const strangers = list.filter((name) =>
      /(^|\/)(src|e2e|scripts|golden|training)\/|\.map$|\.ts$|adm-zip|zod\//u.test(name)
    )
    expect(strangers).toEqual([])
    expect(list.filter((name) => /napi-v6\/(?!linux(\/x64(\/|$)|$))/u.test(name))).toEqual([])
  })

  it('has native code, models and samples as files of their own, and no demonstration app', async () => {
    const outside = path.join(resources, 'app.asar.unpacked', runtime)
    expect((await readdir(outside)).sort()).toEqual(['libonnxruntime.so.1', 'onnxruntime_binding.node'])
    expect((await readdir(path.join(resources, 'models'))).some((name) => name.endsWith('.onnx'))).toBe(true)
    expect((await readdir(path.join(resources, 'models'))).includes('training')).toBe(false)
    expect(existsSync(path.join(resources, 'default_app.asar'))).toBe(false)
    // The package for all systems is 289 MB.
    expect((await stat(path.join(resources, 'app.asar'))).size).toBeLessThan(10 * MB)
    expect((await stat(path.join(outside, 'libonnxruntime.so.1'))).size).toBeLessThan(60 * MB)
  })

  it('has every fuse set as the table says (RELIABILITY S14)', async () => {
    const wire = await getCurrentFuseWire(path.join(root, 'dist', 'linux-unpacked', 'stillwave'))
    const states = Object.entries(wire).filter(([fuse]) => fuse !== 'version')
    const on = [FuseV1Options.EnableCookieEncryption, FuseV1Options.OnlyLoadAppFromAsar].map(String)
    // The wire has the digits themselves.
    const expected = states.map(([fuse]) => [fuse, (on.includes(fuse) ? '1' : '0').charCodeAt(0)])
    expect(states).toHaveLength(8)
    expect(states).toEqual(expected)
  })

  it('carries the licences of all packages in it, and lies beside the same list of parts', () => {
    const parts = JSON.parse(readFileSync(path.join(appRoot, 'out', 'licences.json'), 'utf8')) as { name: string }[]
    const names = parts.map(({ name }) => name)
    const packed = list.flatMap((name) => /^node_modules\/((?:@[^/]+\/)?[^/@]+)$/u.exec(name)?.[1] ?? [])
    expect(packed.sort()).toEqual(['onnxruntime-common', 'onnxruntime-node'])
    expect(packed.filter((name) => !names.includes(name))).toEqual([])
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    const bom = path.join(root, 'dist', `Stillwave-${version}-linux-x64.cdx.json`)
    const { components } = JSON.parse(readFileSync(bom, 'utf8')) as { components: { name: string }[] }
    expect(components.map(({ name }) => name)).toEqual(names)
  })

  it('does the main job with what it holds, wherever it lies', () => {
    const out = path.join(root, 'clean')
    const command = path.join(appRoot, 'out', 'main', 'headless.js')
    const demo = path.join(path.dirname(appRoot), 'demo', 'street-16k-mono.wav')
    execFileSync(process.execPath, [command, demo, '--out', out, '--quiet'], { stdio: 'pipe' })
    // The same samples; the header may differ by some bytes.
    const sizes = [path.join(out, 'street-16k-mono.wav'), demo].map((name) => readFileSync(name).length)
    expect(Math.abs(sizes[0]! - sizes[1]!)).toBeLessThan(200)
  })

  it('knows every file outside the archive by its hash, and refuses to start with a changed or missing one (S17)', async () => {
    const loose = path.dirname(appRoot)
    const hashes = ResourceHashes.parse(JSON.parse(readFileSync(path.join(appRoot, HASHES_NAME), 'utf8')))
    const names = Object.keys(hashes)
    expect(names).toContain('models/frcrn-lite.stateful.onnx')
    expect(names).toContain(`app.asar.unpacked/${runtime}/onnxruntime_binding.node`)
    await checkInstallation(appRoot, loose)
    for (const name of names.filter((one) => /\.(onnx|node|json|so[.\d]*)$/u.test(one))) {
      const full = path.join(loose, name)
      const bytes = readFileSync(full)
      const changed = Buffer.from(bytes)
      changed[changed.length >> 1]! ^= 1
      writeFileSync(full, changed)
      await expect(checkInstallation(appRoot, loose)).rejects.toMatchObject({ code: 'E_INSTALLATION' })
      await rm(full)
      await expect(checkInstallation(appRoot, loose)).rejects.toMatchObject({ code: 'E_INSTALLATION' })
      writeFileSync(full, bytes)
    }
    await checkInstallation(appRoot, loose)
  })
})
