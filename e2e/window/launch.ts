import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { findChromium, HOW_TO_INSTALL } from '../../scripts/findChromium'

/** What the specs can be run on here: Electron itself where its binary is installed, else the host (DESIGN section 7). */
export type HostKind = 'electron' | 'host'

export const ROOT = path.resolve(import.meta.dirname, '../..')

/** Electron's own program, which `install-electron` downloads. */
export function electronBinary(): string | null {
  const folder = path.join(ROOT, 'node_modules/electron')
  const note = path.join(folder, 'path.txt')
  if (!existsSync(note)) return null
  const binary = path.join(folder, 'dist', readFileSync(note, 'utf8').trim())
  return existsSync(binary) ? binary : null
}

export interface Launcher {
  readonly kind: HostKind
  readonly program: string
}

function chooseLauncher(): Launcher | null {
  const electron = process.env.STILLWAVE_E2E_HOST === 'host' ? null : electronBinary()
  if (electron !== null) return { kind: 'electron', program: electron }
  const chromium = findChromium()
  return chromium === null ? null : { kind: 'host', program: chromium }
}

function said(launcher: Launcher | null): Launcher | null {
  if (launcher !== null) {
    const what = launcher.kind === 'electron' ? 'Electron itself' : 'the host in Electron’s place, with Chromium'
    console.info(`Window specs run on ${what}: ${launcher.program}`)
    return launcher
  }
  const line = `Window specs need Electron or Chromium, and neither was found. ${HOW_TO_INSTALL}`
  if (process.env.CI === 'true') throw new Error(line)
  console.info(`Window specs are skipped. ${line}`)
  return null
}

/** Null where there is nothing to run on; the specs are skipped then, with the reason printed. */
export const LAUNCHER = said(chooseLauncher())
