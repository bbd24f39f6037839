import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import { bundledPackages } from './scripts/licences/bundledPackages'

/** The bundles of the app: main with the command line and the two utility processes, the sandboxed preload, the window. */
export default defineConfig({
  main: {
    plugins: [bundledPackages('main')],
    build: {
      target: 'node20',
      outDir: 'out/main',
      externalizeDeps: { exclude: ['zod', 'fflate'] },
      rollupOptions: {
        input: {
          index: 'src/main/index.ts',
          headless: 'src/main/headless.ts',
          engine: 'src/engine/entry.ts',
          media: 'src/media/entry.ts',
          naive: 'src/engine/naiveEntry.ts',
          workshop: 'src/engine/workshopEntry.ts'
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' }
      }
    }
  },
  preload: {
    plugins: [bundledPackages('preload')],
    build: {
      target: 'node20',
      outDir: 'out/preload',
      rollupOptions: {
        input: { index: 'src/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' }
      }
    }
  },
  renderer: {
    root: 'src/renderer',
    plugins: [vue(), tailwindcss(), bundledPackages('renderer')],
    // The parts of vue-i18n that are not used stay out of the bundle: its old API, its global components, its devtools.
    define: {
      __VUE_I18N_LEGACY_API__: 'false',
      __VUE_I18N_FULL_INSTALL__: 'false',
      __INTLIFY_PROD_DEVTOOLS__: 'false'
    },
    build: {
      target: 'chrome140',
      outDir: 'out/renderer',
      // The policy allows no data: URLs.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: { index: 'src/renderer/index.html' } }
    }
  }
})
