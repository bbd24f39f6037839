import { defineConfig } from 'electron-vite'

/** The main process's bundle: the command line entry and the engine process. The window's entries come with the window. */
export default defineConfig({
  main: {
    build: {
      target: 'node20',
      outDir: 'out/main',
      externalizeDeps: { exclude: ['zod'] },
      rollupOptions: {
        input: { headless: 'src/main/headless.ts', engine: 'src/engine/entry.ts' },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' }
      }
    }
  }
})
