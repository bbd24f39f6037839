import { rm } from 'node:fs/promises'
import path from 'node:path'
import { FuseV1Options, FuseVersion } from '@electron/fuses'

/** RELIABILITY S14: every fuse by name. Asar integrity exists on Windows and macOS only. */
export const fuses = (platform) => ({
  version: FuseVersion.V1,
  // A fuse that a new Electron brings stops the build until it stands here.
  strictlyRequireAllFuses: true,
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: platform !== 'linux',
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false
})

/** Called by electron-builder once the app's folder is laid out, before it is signed. */
export default async function afterPack(context) {
  // Electron's own demonstration app.
  await rm(path.join(context.packager.getResourcesDir(context.appOutDir), 'default_app.asar'), { force: true })
  await context.packager.addElectronFuses(context, fuses(context.electronPlatformName))
}
