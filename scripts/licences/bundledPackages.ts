import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { packageFolderOf, readPackages } from './packageFacts'

/** Where the bundlers' lists lie, one file a target, until `licences.ts` reads them. */
export const BUNDLED_FOLDER = path.join('out', 'bundled')

/** Helpers that bundlers write into the output themselves: their module ids begin so. */
const HELPERS: readonly (readonly [string, string])[] = [
  ['\0rolldown/', 'rolldown'],
  ['\0plugin-vue:', '@vitejs/plugin-vue'],
  ['\0vite/', 'vite'],
  ['\0vite:', 'vite']
]
/** Left in every style sheet that it made, also in a minified one. */
const TAILWIND_MARK = 'tailwindcss v'

interface Output {
  readonly type: 'chunk' | 'asset'
  readonly fileName: string
  readonly moduleIds?: readonly string[]
  readonly source?: string | Uint8Array
}

/** A plugin that notes every package of which something is in the output of `target`. */
export function bundledPackages(target: 'main' | 'preload' | 'renderer'): {
  readonly name: string
  readonly generateBundle: (options: unknown, bundle: Readonly<Record<string, Output>>) => void
} {
  return {
    name: `stillwave:bundled-${target}`,
    generateBundle: (_options, bundle) => {
      const outputs = Object.values(bundle)
      const folders = outputs.flatMap((output) => [
        ...(output.moduleIds ?? []).flatMap(folderOf),
        ...styleMakers(output)
      ])
      mkdirSync(BUNDLED_FOLDER, { recursive: true })
      writeFileSync(path.join(BUNDLED_FOLDER, `${target}.json`), JSON.stringify(readPackages(folders), null, 2))
    }
  }
}

function folderOf(moduleId: string): string[] {
  const helper = HELPERS.find(([start]) => moduleId.startsWith(start))
  if (helper) return [path.join('node_modules', helper[1])]
  const folder = packageFolderOf(moduleId)
  return folder === null ? [] : [folder]
}

function styleMakers({ fileName, source }: Output): string[] {
  const isTailwind = fileName.endsWith('.css') && source?.toString().includes(TAILWIND_MARK)
  return isTailwind ? [path.join('node_modules', 'tailwindcss')] : []
}
