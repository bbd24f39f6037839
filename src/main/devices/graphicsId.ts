import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * What tells one set of graphics cards and drivers from another, without asking any of them: on Linux the PCI numbers of the cards, the
 * kernel's modules' versions and NVIDIA's own. Empty on other systems: there a changed card is tried anew when it fails at load.
 */
export function graphicsId(sys = '/sys'): string {
  const drm = path.join(sys, 'class/drm')
  const cards = names(drm)
    .filter((name) => /^card\d+$/u.test(name))
    .map((name) => ['vendor', 'device'].map((file) => text(path.join(drm, name, 'device', file))).join(':'))
    .sort()
  return [...cards, text(path.join(sys, 'module/nvidia/version'))].filter((part) => part !== '').join(' ')
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim()
  } catch {
    return ''
  }
}
